//! What can happen in a story.
//!
//! Simple things come first in every choice, because a story that ends badly is
//! shortened towards them.

use std::fmt;

use proptest::collection::vec;
use proptest::prelude::*;
use webex_cc_simulator::{Action, Script, SecretsInAnswers};

/// A world, and what happens in it.
#[derive(Clone, Debug)]
pub(super) struct Story {
    /// Whether an active connector can be neither edited nor deleted.
    pub(super) lock: bool,
    /// How secrets come back.
    pub(super) secrets: Secrets,
    /// What happens, in order.
    pub(super) steps: Vec<Step>,
}

/// How Webex shows the secrets that it stores.
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

/// One thing that happens.
#[derive(Clone, Debug)]
pub(super) enum Step {
    /// The configuration changes, and `terraform apply`
    Apply { changes: Vec<Change>, trouble: Trouble },
    /// `terraform destroy`
    Destroy(Trouble),
    /// Somebody edits the connector in Control Hub.
    Drift(Argument),
    /// Somebody activates or deactivates it there.
    SwitchByHand,
    /// Somebody deletes it there.
    DeleteByHand,
    /// `terraform taint`
    Taint,
    /// `terraform state rm`
    Forget,
    /// `terraform import` of something that is not in state.
    Import,
}

/// A change of the configuration.
#[derive(Clone, Copy, Debug)]
pub(super) enum Change {
    /// Another secret, and another version of it.
    Rotate,
    /// Another value of an argument.
    Edit(Argument),
    /// The opposite about `active`.
    Switch,
    /// The other way to authenticate.
    Reauthenticate,
}

/// An argument to edit.
#[derive(Clone, Copy, Debug)]
pub(super) enum Argument {
    /// A free one: the user name, or the scope.
    Account,
    /// `resource_domain_url`
    Address,
    /// `name`, one of two
    Name,
}

/// What goes wrong during a command.
#[derive(Clone, Debug)]
pub(super) enum Trouble {
    /// Nothing.
    None,
    /// After some requests that do not, some requests fail.
    Fault { method: Method, fault: Fault, after: u32, times: u32 },
    /// The user presses Ctrl-C while a write is under way.
    Stop,
    /// The provider is killed while a write is under way.
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
pub(super) enum Fault {
    /// 429 before anything was done.
    TooMany,
    /// 503 before anything was done.
    Unavailable,
    /// The connection is closed before anything was done.
    ClosedBefore,
    /// The connection is closed after it was done.
    ClosedAfter,
    /// A gateway answers 502 after it was done.
    LostAnswer,
    /// 423, as if it were active.
    Locked,
}

impl Trouble {
    /// What the simulator has to do for it.
    pub(super) fn scripts(&self) -> Vec<Script> {
        match self {
            Self::None | Self::Meanwhile => Vec::new(),
            Self::Stop | Self::Kill => ["POST", "PUT", "DELETE"]
                .map(|method| Script::new(Action::DelayMs(200)).method(method))
                .to_vec(),
            Self::Fault { method, fault, after, times } => {
                let script = match fault {
                    Fault::TooMany => {
                        Script::answer(429, problem("slow down")).header("Retry-After", "0")
                    }
                    Fault::Unavailable => Script::answer(503, "<html>later</html>".into()),
                    Fault::ClosedBefore => Script::close_before(),
                    Fault::ClosedAfter => Script::close_after(),
                    Fault::LostAnswer => Script::lost_answer(502, "<html>lost</html>".into()),
                    Fault::Locked => Script::answer(423, problem("locked")),
                };
                let of_method = |script: Script| match method {
                    Method::Post => script.method("POST"),
                    Method::Put => script.method("PUT"),
                    Method::Delete => script.method("DELETE"),
                    Method::Get => script.method("GET"),
                    Method::Any => script,
                };
                let unharmed = Script::new(Action::DelayMs(0)).times(*after);
                vec![of_method(unharmed), of_method(script.times(*times))]
            }
        }
    }
}

fn problem(reason: &str) -> serde_json::Value {
    serde_json::json!({"trackingId": "story", "error": {"key": "story", "reason": reason}})
}

/// Every story there is.
pub(super) fn stories() -> impl Strategy<Value = Story> {
    let secrets =
        prop_oneof![Just(Secrets::Omitted), Just(Secrets::Masked), Just(Secrets::InTheClear)];
    (any::<bool>(), secrets, vec(step(), 2..12)).prop_map(|(lock, secrets, steps)| Story {
        lock,
        secrets,
        steps,
    })
}

fn step() -> impl Strategy<Value = Step> {
    let changes = prop_oneof![1 => Just(Vec::new()), 5 => vec(change(), 1..4)];
    let apply = (changes, trouble());
    prop_oneof![
        20 => apply.prop_map(|(changes, trouble)| Step::Apply { changes, trouble }),
        1 => argument().prop_map(Step::Drift),
        1 => Just(Step::SwitchByHand),
        1 => Just(Step::DeleteByHand),
        1 => Just(Step::Taint),
        1 => Just(Step::Forget),
        1 => Just(Step::Import),
        2 => trouble().prop_map(Step::Destroy),
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

fn trouble() -> impl Strategy<Value = Trouble> {
    let method = prop_oneof![
        2 => Just(Method::Post),
        4 => Just(Method::Put),
        1 => Just(Method::Delete),
        1 => Just(Method::Get),
        1 => Just(Method::Any),
    ];
    let fault = prop_oneof![
        Just(Fault::TooMany),
        Just(Fault::Unavailable),
        Just(Fault::ClosedBefore),
        Just(Fault::ClosedAfter),
        Just(Fault::LostAnswer),
        Just(Fault::Locked),
    ];
    // With two retries, three failures end a request, and the next one works.
    let (after, times) = (0..4_u32, prop_oneof![Just(1_u32), Just(3), Just(10)]);
    let faults = (method, fault, after, times)
        .prop_map(|(method, fault, after, times)| Trouble::Fault { method, fault, after, times });
    prop_oneof![
        8 => Just(Trouble::None),
        8 => faults,
        1 => Just(Trouble::Stop),
        1 => Just(Trouble::Kill),
        1 => Just(Trouble::Meanwhile),
    ]
}

impl fmt::Display for Story {
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
        write!(formatter, "   Then everything works again, and somebody applies.")
    }
}

impl fmt::Display for Step {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Apply { changes, trouble } => {
                for change in changes {
                    write!(formatter, "The configuration gets another {change}. ")?;
                }
                write!(formatter, "terraform apply{trouble}")
            }
            Self::Destroy(trouble) => write!(formatter, "terraform destroy{trouble}"),
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

impl fmt::Display for Trouble {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => Ok(()),
            Self::Stop => formatter.write_str(", and Ctrl-C while a write is under way"),
            Self::Kill => {
                formatter.write_str(", and the provider is killed while a write is under way")
            }
            Self::Meanwhile => formatter.write_str(", and somebody edits it after the plan"),
            Self::Fault { method, fault, after, times } => {
                let method = match method {
                    Method::Post => "POST",
                    Method::Put => "PUT",
                    Method::Delete => "DELETE",
                    Method::Get => "GET",
                    Method::Any => "request",
                };
                let fault = match fault {
                    Fault::TooMany => "is answered 429",
                    Fault::Unavailable => "is answered 503",
                    Fault::ClosedBefore => "is cut off before it is done",
                    Fault::ClosedAfter => "is cut off after it is done",
                    Fault::LostAnswer => "is done, and its answer lost in a gateway's 502",
                    Fault::Locked => "is answered 423",
                };
                let first = after + 1;
                match times {
                    1 => write!(formatter, ", and {method} {first} {fault}"),
                    _ => {
                        let last = after + times;
                        write!(formatter, ", and each {method} from {first} to {last} {fault}")
                    }
                }
            }
        }
    }
}
