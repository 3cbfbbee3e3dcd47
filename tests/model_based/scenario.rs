//! The steps of a scenario.
//!
//! Simple ones come first in every choice, because a scenario is shortened towards them.

use std::fmt;

use proptest::collection::vec;
use proptest::prelude::*;
use webex_cc_simulator::{Action, Script, SecretsInAnswers};

/// How Webex behaves, and what happens.
#[derive(Clone, Debug)]
pub(super) struct Scenario {
    /// Whether Webex refuses to edit or delete active connectors.
    pub(super) lock: bool,
    /// How Webex returns secrets.
    pub(super) secrets: Secrets,
    /// The steps, in order.
    pub(super) steps: Vec<Step>,
}

/// How Webex returns the secrets that it stores.
#[derive(Clone, Copy, Debug)]
pub(super) enum Secrets {
    Omitted,
    Masked,
    InTheClear,
}

impl Secrets {
    pub(super) fn option(self) -> SecretsInAnswers {
        match self {
            Self::Omitted => SecretsInAnswers::Omit,
            Self::Masked => SecretsInAnswers::Mask,
            Self::InTheClear => SecretsInAnswers::Echo,
        }
    }
}

/// One step.
#[derive(Clone, Debug)]
pub(super) enum Step {
    /// Changes of the configuration, and `terraform apply`.
    Apply { changes: Vec<Change>, fault: Fault },
    /// `terraform destroy`.
    Destroy(Fault),
    /// Somebody edits the connector in Control Hub.
    Drift(Argument),
    /// Somebody activates or deactivates the connector in Control Hub.
    SwitchByHand,
    /// Somebody deletes the connector in Control Hub.
    DeleteByHand,
    /// `terraform taint`.
    Taint,
    /// `terraform state rm`.
    Forget,
    /// `terraform import` of a connector that is not in state.
    Import,
}

/// A change of the configuration.
#[derive(Clone, Copy, Debug)]
pub(super) enum Change {
    /// Another secret with another version.
    Rotate,
    /// Another value of an argument.
    Edit(Argument),
    /// The other value of `active`.
    Switch,
    /// The other way to authenticate.
    Reauthenticate,
}

/// An argument to edit.
#[derive(Clone, Copy, Debug)]
pub(super) enum Argument {
    /// The user name or the scope.
    Account,
    /// `resource_domain_url`.
    Address,
    /// `name`, one of two.
    Name,
}

/// A fault during a command.
#[derive(Clone, Debug)]
pub(super) enum Fault {
    /// Nothing.
    None,
    /// After some requests that succeed, some requests fail.
    Failure { method: Method, failure: Failure, after: u32, times: u32 },
    /// The user presses Ctrl-C while a write is in flight.
    Stop,
    /// The provider is killed while a write is in flight.
    Kill,
    /// Somebody edits the connector between plan and apply.
    Meanwhile,
}

/// The requests that fail.
#[derive(Clone, Copy, Debug)]
pub(super) enum Method {
    Post,
    Put,
    Delete,
    Get,
    Any,
}

/// How they fail.
#[derive(Clone, Copy, Debug)]
pub(super) enum Failure {
    /// 429, and nothing was carried out.
    TooMany,
    /// 503, and nothing was carried out.
    Unavailable,
    /// The connection is closed before the request is carried out.
    ClosedBefore,
    /// The connection is closed after the request is carried out.
    ClosedAfter,
    /// A gateway responds with 502 after the request is carried out.
    LostAnswer,
    /// 423, as for an active connector.
    Locked,
}

impl Fault {
    /// Returns the scripts of the simulator.
    pub(super) fn scripts(&self) -> Vec<Script> {
        match self {
            Self::None | Self::Meanwhile => Vec::new(),
            Self::Stop | Self::Kill => ["POST", "PUT", "DELETE"]
                .map(|method| Script::new(Action::DelayMs(200)).method(method))
                .to_vec(),
            Self::Failure { method, failure, after, times } => {
                let script = match failure {
                    Failure::TooMany => {
                        Script::answer(429, problem("slow down")).header("Retry-After", "0")
                    }
                    Failure::Unavailable => Script::answer(503, "<html>later</html>".into()),
                    Failure::ClosedBefore => Script::close_before(),
                    Failure::ClosedAfter => Script::close_after(),
                    Failure::LostAnswer => Script::lost_answer(502, "<html>lost</html>".into()),
                    Failure::Locked => Script::answer(423, problem("locked")),
                };
                let of_method = |script: Script| match method {
                    Method::Post => script.method("POST"),
                    Method::Put => script.method("PUT"),
                    Method::Delete => script.method("DELETE"),
                    Method::Get => script.method("GET"),
                    Method::Any => script,
                };
                let pass = Script::new(Action::DelayMs(0)).times(*after);
                vec![of_method(pass), of_method(script.times(*times))]
            }
        }
    }
}

fn problem(reason: &str) -> serde_json::Value {
    serde_json::json!({"trackingId": "scenario", "error": {"key": "scenario", "reason": reason}})
}

/// Generates scenarios.
pub(super) fn scenarios() -> impl Strategy<Value = Scenario> {
    let secrets =
        prop_oneof![Just(Secrets::Omitted), Just(Secrets::Masked), Just(Secrets::InTheClear)];
    (any::<bool>(), secrets, vec(step(), 2..12)).prop_map(|(lock, secrets, steps)| Scenario {
        lock,
        secrets,
        steps,
    })
}

fn step() -> impl Strategy<Value = Step> {
    let changes = prop_oneof![1 => Just(Vec::new()), 5 => vec(change(), 1..4)];
    let apply = (changes, fault());
    prop_oneof![
        20 => apply.prop_map(|(changes, fault)| Step::Apply { changes, fault }),
        1 => argument().prop_map(Step::Drift),
        1 => Just(Step::SwitchByHand),
        1 => Just(Step::DeleteByHand),
        1 => Just(Step::Taint),
        1 => Just(Step::Forget),
        1 => Just(Step::Import),
        2 => fault().prop_map(Step::Destroy),
    ]
}

fn change() -> impl Strategy<Value = Change> {
    prop_oneof![
        4 => Just(Change::Rotate),
        4 => argument().prop_map(Change::Edit),
        2 => Just(Change::Switch),
        1 => Just(Change::Reauthenticate),
    ]
}

fn argument() -> impl Strategy<Value = Argument> {
    prop_oneof![Just(Argument::Account), Just(Argument::Address), Just(Argument::Name)]
}

fn fault() -> impl Strategy<Value = Fault> {
    let method = prop_oneof![
        2 => Just(Method::Post),
        4 => Just(Method::Put),
        1 => Just(Method::Delete),
        1 => Just(Method::Get),
        1 => Just(Method::Any),
    ];
    let failure = prop_oneof![
        Just(Failure::TooMany),
        Just(Failure::Unavailable),
        Just(Failure::ClosedBefore),
        Just(Failure::ClosedAfter),
        Just(Failure::LostAnswer),
        Just(Failure::Locked),
    ];
    // With two retries, three failures end a request, and the next one works.
    let (after, times) = (0..4_u32, prop_oneof![Just(1_u32), Just(3), Just(10)]);
    let failures = (method, failure, after, times).prop_map(|(method, failure, after, times)| {
        Fault::Failure { method, failure, after, times }
    });
    prop_oneof![
        8 => Just(Fault::None),
        8 => failures,
        1 => Just(Fault::Stop),
        1 => Just(Fault::Kill),
        1 => Just(Fault::Meanwhile),
    ]
}

impl fmt::Display for Scenario {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lock = if self.lock { "cannot" } else { "can" };
        let shows = match self.secrets {
            Secrets::Omitted => "leaves secrets out",
            Secrets::Masked => "masks secrets",
            Secrets::InTheClear => "shows secrets in the clear",
        };
        writeln!(formatter, "   Webex {shows}, and active connectors {lock} be edited.")?;
        for (index, step) in self.steps.iter().enumerate() {
            writeln!(formatter, "{:2}. {step}", index + 1)?;
        }
        write!(formatter, "   Then terraform apply without faults.")
    }
}

impl fmt::Display for Step {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Apply { changes, fault } => {
                for change in changes {
                    write!(formatter, "The configuration gets another {change}. ")?;
                }
                write!(formatter, "terraform apply{fault}")
            }
            Self::Destroy(fault) => write!(formatter, "terraform destroy{fault}"),
            Self::Drift(argument) => {
                write!(formatter, "Somebody edits the {argument} in Control Hub.")
            }
            Self::SwitchByHand => formatter.write_str("Somebody switches it in Control Hub."),
            Self::DeleteByHand => formatter.write_str("Somebody deletes it in Control Hub."),
            Self::Taint => formatter.write_str("terraform taint"),
            Self::Forget => formatter.write_str("terraform state rm"),
            Self::Import => formatter.write_str("terraform import"),
        }
    }
}

impl fmt::Display for Change {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rotate => formatter.write_str("secret"),
            Self::Edit(argument) => argument.fmt(formatter),
            Self::Switch => formatter.write_str("value of active"),
            Self::Reauthenticate => formatter.write_str("way to authenticate"),
        }
    }
}

impl fmt::Display for Argument {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Account => "user name or scope",
            Self::Address => "resource domain",
            Self::Name => "name",
        })
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => Ok(()),
            Self::Stop => formatter.write_str(", and Ctrl-C while a write is in flight"),
            Self::Kill => {
                formatter.write_str(", and the provider is killed while a write is in flight")
            }
            Self::Meanwhile => formatter.write_str(", and somebody edits it after the plan"),
            Self::Failure { method, failure, after, times } => {
                let method = match method {
                    Method::Post => "POST",
                    Method::Put => "PUT",
                    Method::Delete => "DELETE",
                    Method::Get => "GET",
                    Method::Any => "request",
                };
                let failure = match failure {
                    Failure::TooMany => "is answered 429",
                    Failure::Unavailable => "is answered 503",
                    Failure::ClosedBefore => "is cut off before it is carried out",
                    Failure::ClosedAfter => "is cut off after it is carried out",
                    Failure::LostAnswer => "is carried out, and a gateway answers 502",
                    Failure::Locked => "is answered 423",
                };
                let first = after + 1;
                match times {
                    1 => write!(formatter, ", and {method} {first} {failure}"),
                    _ => {
                        let last = after + times;
                        write!(formatter, ", and each {method} from {first} to {last} {failure}")
                    }
                }
            }
        }
    }
}
