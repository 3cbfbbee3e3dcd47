//! A folder in which the real CLI manages connectors, or `terraform_data` of the
//! same content, which need no provider process.

use std::time::{Duration, Instant};

use serde_json::{Map, Value, json};
use webex_cc_simulator::{Options, Simulator};

use crate::machine::{self, Demand};
use crate::statistics::milliseconds;
use crate::subject::{
    CONNECTORS_PER_ORGANIZATION, Example, Kind, Subject, clear, simulator, simulator_with,
};
use crate::support::terraform::Terraform;
use crate::support::tls::{HTTP_2, TlsFront};

/// A folder with a configuration.
pub(crate) struct Workspace {
    terraform: Terraform,
    /// The simulator, if our provider is used.
    pub(crate) simulator: Option<Simulator>,
    /// The end of TLS in front of the simulator.
    pub(crate) front: Option<TlsFront>,
    connectors: usize,
}

/// What lies between a provider and the API.
#[derive(Clone, Copy, Default)]
pub(crate) struct Network {
    pub(crate) latency: Duration,
    pub(crate) rate_limit: Option<u32>,
}

/// Returns the authorities of the system and another one, in PEM.
pub(crate) fn with_authorities_of_the_system(another: &str) -> String {
    let bundles = ["/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt"];
    let system = bundles.iter().find_map(|file| std::fs::read_to_string(file).ok());
    system.unwrap_or_default() + another
}

impl Workspace {
    /// Returns a folder with `objects` objects of a provider; `None` if there is no
    /// configuration for them.
    pub(crate) fn of(subject: &Subject, objects: usize) -> Option<Self> {
        match &subject.kind {
            Kind::Webex | Kind::Twin => Some(Self::of_webex(subject, objects, false)),
            Kind::Other(example) => Self::of_example(subject, example, objects),
        }
    }

    /// Returns a folder with connectors of our provider, ten in each organization.
    pub(crate) fn of_webex(subject: &Subject, connectors: usize, active_lock: bool) -> Self {
        let simulator = simulator(connectors, active_lock);
        let mut workspace = Self::towards(subject, simulator, connectors);
        // The default is Cisco's limit of 300.
        workspace.terraform.set("WEBEX_CC_REQUESTS_PER_MINUTE", "100000");
        workspace
    }

    /// Returns a folder with connectors of a provider that calls a simulator over TLS, with a
    /// latency or a limit of requests.
    pub(crate) fn over_tls(subject: &Subject, connectors: usize, network: &Network) -> Self {
        let Network { latency, rate_limit } = *network;
        let options = Options { active_lock: false, latency, rate_limit, ..Options::default() };
        let simulator = simulator_with(connectors, options);
        let front = TlsFront::start(simulator.address(), HTTP_2);
        let mut workspace = Self::towards(subject, simulator, connectors);
        let terraform = &mut workspace.terraform;
        terraform.set("WEBEX_CC_BASE_URL", &front.url);
        if rate_limit.is_none() {
            terraform.set("WEBEX_CC_REQUESTS_PER_MINUTE", "100000");
        }
        // Both trust the authorities of the system as well, and have to read them.
        if subject.is_webex() {
            terraform.set("WEBEX_CC_CA_CERTIFICATE_PEM", &front.authority);
        } else {
            let all = with_authorities_of_the_system(&front.authority);
            terraform.write("authorities.pem", &all);
            let file = terraform.folder().join("authorities.pem");
            terraform.set("SSL_CERT_FILE", file.to_str().unwrap());
        }
        workspace.front = Some(front);
        workspace
    }

    fn towards(subject: &Subject, simulator: Simulator, connectors: usize) -> Self {
        let mut terraform = Terraform::of(&subject.program);
        terraform.set("WEBEX_CC_BASE_URL", simulator.base_url());
        terraform.set("WEBEX_ACCESS_TOKEN", simulator.token());
        let workspace = Self { terraform, simulator: Some(simulator), front: None, connectors };
        workspace.write("agent");
        workspace
    }

    /// Returns a folder with objects of another provider, by a development override.
    fn of_example(subject: &Subject, example: &Example, objects: usize) -> Option<Self> {
        let (resource, configuration) = example.resource.as_ref()?;
        let (provider, _) = resource.split_once('_')?;
        let source = format!("bench/{provider}");
        let terraform = Terraform::offline();
        let folder = subject.program.parent().unwrap().display();
        terraform.write(
            "terraform.rc",
            &format!(
                "provider_installation {{\n  dev_overrides {{ \"{source}\" = \"{folder}\" }}\n  \
                 direct {{}}\n}}\n"
            ),
        );
        terraform.write("versions.tf", "");
        let mut object = given(configuration);
        object.insert("count".to_owned(), objects.into());
        let all = json!({
            "terraform": { "required_providers": { provider: { "source": source } } },
            "provider": { provider: given(&example.provider) },
            "resource": { resource: { "test": object } },
        });
        terraform.write("main.tf.json", &all.to_string());
        Some(Self { terraform, simulator: None, front: None, connectors: objects })
    }

    /// Returns a folder with `connectors` objects of type `terraform_data`.
    pub(crate) fn of_data(connectors: usize) -> Self {
        // The folder of the provider does not matter, as none is used.
        let terraform = Terraform::offline();
        terraform.write("versions.tf", "");
        let workspace = Self { terraform, simulator: None, front: None, connectors };
        workspace.write("agent");
        workspace
    }

    /// Writes the configuration with this user name in each connector.
    pub(crate) fn write(&self, username: &str) {
        let content = format!(
            r#"
    name                = "Connector ${{count.index}}"
    organization_id     = format("3f1c9a52-7d4e-4b8a-9c06-%012d", floor(count.index / {CONNECTORS_PER_ORGANIZATION}))
    resource_domain_url = "https://example.zendesk.com/api/v2/"
    username            = "{username}"
    password            = "a credential of usual length"
    validation_url      = "https://example.zendesk.com"
"#
        );
        let (kind, content) = match self.simulator {
            Some(_) => ("webex_cc_custom_connector", content),
            None => ("terraform_data", format!("input = {{{content}}}")),
        };
        let count = self.connectors;
        let block = format!("resource \"{kind}\" \"test\" {{\n count = {count}\n {content}\n}}\n");
        self.terraform.write("main.tf", &block);
    }

    /// Runs a command, which has to succeed, and returns its time in milliseconds.
    pub(crate) fn run(&self, arguments: &[&str]) -> f64 {
        let started = Instant::now();
        let output = self.terraform.run(arguments);
        let took = started.elapsed();
        output.succeeded();
        milliseconds(took)
    }

    /// Runs a command, which has to succeed, and returns what the processes of the provider needed.
    pub(crate) fn demand(&self, subject: &Subject, arguments: &[&str]) -> Option<Demand> {
        machine::demand_of_children(self.terraform.command(arguments), &subject.program)
    }

    /// Runs a command, and returns the number of its API calls.
    pub(crate) fn calls(&self, arguments: &[&str]) -> usize {
        let simulator = self.simulator.as_ref().expect("a provider that makes calls");
        simulator.clear_journal();
        self.run(arguments);
        simulator.journal().len()
    }

    /// Makes the simulator forget the requests of the last minute.
    pub(crate) fn forget_requests(&self) {
        if let Some(simulator) = &self.simulator {
            simulator.advance_clock(Duration::from_secs(61));
        }
    }

    /// Makes the simulator and the provider keep the documented limit of requests from now on.
    pub(crate) fn limit_requests(&mut self, limit: u32) {
        if let Some(simulator) = &self.simulator {
            simulator.limit_requests(Some(limit));
        }
        self.terraform.set("WEBEX_CC_REQUESTS_PER_MINUTE", &limit.to_string());
    }

    /// Removes all objects from state and from the simulator.
    pub(crate) fn reset(&self) {
        for file in ["terraform.tfstate", "terraform.tfstate.backup"] {
            // The file does not exist before the first apply.
            let _ = std::fs::remove_file(self.terraform.folder().join(file));
        }
        if let Some(simulator) = &self.simulator {
            clear(simulator, self.connectors);
        }
    }

    /// Returns the number of objects in state.
    pub(crate) fn stored(&self) -> usize {
        let state =
            serde_json::from_str::<Value>(&self.terraform.read("terraform.tfstate")).unwrap();
        state["resources"][0]["instances"].as_array().map_or(0, Vec::len)
    }
}

/// Returns the attributes that are not null.
fn given(configuration: &Value) -> Map<String, Value> {
    let attributes = configuration.as_object().into_iter().flatten();
    let given = attributes.filter(|(_, value)| !value.is_null());
    given.map(|(name, value)| (name.clone(), value.clone())).collect()
}
