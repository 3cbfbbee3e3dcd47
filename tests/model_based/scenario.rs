//! The steps of a scenario.
//!
//! Simple ones come first in every choice, because a scenario is shortened towards them.

use std::fmt;

use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::json;
use webex_cc_simulator::{Action, Script, SecretsInAnswers};

use super::block::Kind;

/// How Webex behaves, and what happens.
#[derive(Clone, Debug)]
pub(super) struct Scenario {
    /// Whether Webex refuses to edit or delete active connectors.
    pub(super) lock: bool,
    /// How Webex returns secrets.
    pub(super) secrets: Secrets,
    /// Whether reads show a write a moment late.
    pub(super) lag: bool,
    /// Whether others have nine of the ten connectors that Webex allows.
    pub(super) crowd: bool,
    /// The kind of each block at first, and whether its credentials are in the arguments that state
    /// keeps.
    pub(super) blocks: [(Kind, bool); 2],
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

/// The address of a resource in the configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Address {
    First,
    Second,
}

impl Address {
    pub(super) const ALL: [Self; 2] = [Self::First, Self::Second];

    pub(super) fn other(self) -> Self {
        match self {
            Self::First => Self::Second,
            Self::Second => Self::First,
        }
    }
}

/// One step.
#[derive(Clone, Debug)]
pub(super) enum Step {
    /// Changes of the configuration, and `terraform apply`. Terraform begins with one address.
    Apply { changes: Vec<Change>, begins: Address, fault: Fault },
    /// `terraform destroy`.
    Destroy { begins: Address, fault: Fault },
    /// Somebody edits a connector in Control Hub.
    EditByHand(Address, Argument),
    /// Somebody activates or deactivates a connector in Control Hub.
    SwitchByHand(Address),
    /// Somebody deletes a connector in Control Hub.
    DeleteByHand(Address),
    /// Somebody creates a connector with the arguments of an address in Control Hub.
    CreateByHand(Address),
    /// `terraform taint`.
    Taint(Address),
    /// `terraform state rm`.
    Forget(Address),
    /// `terraform import` of a connector that is not in state.
    Import(Address),
}

/// A change of the configuration.
#[derive(Clone, Copy, Debug)]
pub(super) enum Change {
    /// Another value of an argument.
    Edit(Address, Argument),
    /// The other value of `active`.
    Switch(Address),
    /// Another kind.
    Reauthenticate(Address, Kind),
    /// The credentials move to the arguments that state keeps, or back.
    Store(Address),
    /// The resource is added or removed.
    AddOrRemove(Address),
    /// `ignore_changes` of an argument is added or removed.
    Ignore(Address, Ignored),
    /// The two resources swap their names.
    SwapNames,
    /// A resource takes the name of the other, which gets another one.
    TakeName(Address),
    /// The two blocks swap their addresses, without `moved`.
    SwapAddresses,
}

/// An argument to edit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Argument {
    /// The secret. In the configuration with another version.
    Secret,
    /// The user name or the scope.
    Account,
    /// `resource_domain_url`.
    Domain,
    /// `name`, one of four.
    Name,
}

/// An argument in `ignore_changes`.
#[derive(Clone, Copy, Debug)]
pub(super) enum Ignored {
    /// The secret with its version.
    Secret,
    /// `active`.
    Active,
}

/// A fault during a command.
#[derive(Clone, Debug)]
pub(super) enum Fault {
    /// Nothing.
    None,
    /// After some requests that succeed, some requests fail.
    Failure { method: Method, failure: Failure, after: u32, times: u32 },
    /// Somebody edits a connector meanwhile.
    Overtaken { moment: Moment, argument: Argument },
    /// A create is cut off before it is carried out, and somebody else creates a connector of this
    /// name before the provider looks for its own.
    Rival,
    /// Reads show an update a minute late.
    Lag,
    /// The user presses Ctrl-C while a write is in flight.
    Stop,
    /// The provider is killed while a write is in flight.
    Kill,
}

/// When somebody edits a connector during a command.
#[derive(Clone, Copy, Debug)]
pub(super) enum Moment {
    /// After the plan, a connector that is in state.
    Planned(Address),
    /// After one of the first creates and edits was carried out, the connector that was written.
    Written(u32),
    /// The same, and the response to that write is lost.
    ResponseLost(u32),
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
    /// A proxy answers 200 with a page, and nothing was carried out.
    Page,
    /// A proxy answers 200 with a page after the request is carried out.
    PageAfter,
    /// 201 with an empty object, and nothing was carried out.
    EmptyObject,
}

impl Fault {
    /// Whether somebody acts during the command.
    pub(super) fn has_person(&self) -> bool {
        matches!(self, Self::Overtaken { .. } | Self::Rival)
    }

    /// Returns the scripts of the simulator.
    pub(super) fn scripts(&self) -> Vec<Script> {
        let pass = |times: u32| Script::new(Action::DelayMs(0)).times(times);
        match self {
            Self::None | Self::Lag => Vec::new(),
            Self::Overtaken { moment: Moment::ResponseLost(write), .. } => {
                // One of the two methods comes first, and the other one is not counted.
                let of = |method| {
                    [pass(write - 1), Script::close_after().times(1)]
                        .map(|script| script.method(method))
                };
                ["POST", "PUT"].into_iter().flat_map(of).collect()
            }
            Self::Overtaken { moment: Moment::Planned(_) | Moment::Written(_), .. } => Vec::new(),
            Self::Rival => vec![Script::close_before().method("POST").times(1)],
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
                    Failure::Page => Script::answer(200, "<html>sign in</html>".into()),
                    Failure::PageAfter => Script::lost_answer(200, "<html>sign in</html>".into()),
                    Failure::EmptyObject => Script::answer(201, json!({})),
                };
                [pass(*after), script.times(*times)].map(|script| method.of(script)).to_vec()
            }
        }
    }
}

impl Method {
    fn of(self, script: Script) -> Script {
        match self {
            Self::Post => script.method("POST"),
            Self::Put => script.method("PUT"),
            Self::Delete => script.method("DELETE"),
            Self::Get => script.method("GET"),
            Self::Any => script,
        }
    }
}

fn problem(reason: &str) -> serde_json::Value {
    json!({"trackingId": "scenario", "error": {"key": "scenario", "reason": reason}})
}

/// Generates scenarios.
pub(super) fn scenarios() -> impl Strategy<Value = Scenario> {
    let secrets =
        prop_oneof![Just(Secrets::Omitted), Just(Secrets::Masked), Just(Secrets::InTheClear)];
    let lag = prop_oneof![5 => Just(false), 1 => Just(true)];
    let crowd = prop_oneof![7 => Just(false), 1 => Just(true)];
    let block = || (kind(), any::<bool>());
    let webex = (any::<bool>(), secrets, lag, crowd);
    (webex, [block(), block()], vec(step(), 2..10)).prop_map(
        |((lock, secrets, lag, crowd), blocks, steps)| Scenario {
            lock,
            secrets,
            lag,
            crowd,
            blocks,
            steps,
        },
    )
}

fn step() -> impl Strategy<Value = Step> {
    let changes = prop_oneof![1 => Just(Vec::new()), 5 => vec(change(), 1..4)];
    let apply = (changes, address(), fault());
    prop_oneof![
        20 => apply.prop_map(|(changes, begins, fault)| Step::Apply { changes, begins, fault }),
        3 => (address(), argument()).prop_map(|(address, argument)| {
            Step::EditByHand(address, argument)
        }),
        1 => address().prop_map(Step::SwitchByHand),
        1 => address().prop_map(Step::DeleteByHand),
        1 => address().prop_map(Step::CreateByHand),
        1 => address().prop_map(Step::Taint),
        1 => address().prop_map(Step::Forget),
        1 => address().prop_map(Step::Import),
        2 => (address(), fault()).prop_map(|(begins, fault)| Step::Destroy { begins, fault }),
    ]
}

fn change() -> impl Strategy<Value = Change> {
    let ignored = prop_oneof![Just(Ignored::Secret), Just(Ignored::Active)];
    prop_oneof![
        8 => (address(), argument()).prop_map(|(address, argument)| {
            Change::Edit(address, argument)
        }),
        2 => address().prop_map(Change::Switch),
        2 => (address(), kind()).prop_map(|(address, kind)| Change::Reauthenticate(address, kind)),
        2 => address().prop_map(Change::Store),
        3 => Just(Change::AddOrRemove(Address::Second)),
        1 => Just(Change::AddOrRemove(Address::First)),
        2 => (address(), ignored).prop_map(|(address, ignored)| Change::Ignore(address, ignored)),
        1 => Just(Change::SwapNames),
        1 => address().prop_map(Change::TakeName),
        1 => Just(Change::SwapAddresses),
    ]
}

fn kind() -> impl Strategy<Value = Kind> {
    prop_oneof![
        Just(Kind::Basic),
        Just(Kind::ClientCredentials),
        Just(Kind::Password),
        Just(Kind::Certificate),
    ]
}

fn address() -> impl Strategy<Value = Address> {
    prop_oneof![2 => Just(Address::First), 1 => Just(Address::Second)]
}

fn argument() -> impl Strategy<Value = Argument> {
    prop_oneof![
        3 => Just(Argument::Secret),
        1 => Just(Argument::Account),
        1 => Just(Argument::Domain),
        1 => Just(Argument::Name),
    ]
}

fn fault() -> impl Strategy<Value = Fault> {
    let method = prop_oneof![
        2 => Just(Method::Post),
        4 => Just(Method::Put),
        2 => Just(Method::Delete),
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
        Just(Failure::Page),
        Just(Failure::PageAfter),
        Just(Failure::EmptyObject),
    ];
    // With two retries, three failures end a request, and the next one works.
    let (after, times) = (0..4_u32, prop_oneof![Just(1_u32), Just(3), Just(10)]);
    let failures = (method, failure, after, times).prop_map(|(method, failure, after, times)| {
        Fault::Failure { method, failure, after, times }
    });
    let moment = prop_oneof![
        address().prop_map(Moment::Planned),
        (1..4_u32).prop_map(Moment::Written),
        (1..4_u32).prop_map(Moment::ResponseLost),
    ];
    let overtaken =
        (moment, argument()).prop_map(|(moment, argument)| Fault::Overtaken { moment, argument });
    prop_oneof![
        16 => Just(Fault::None),
        16 => failures,
        5 => overtaken,
        3 => Just(Fault::Rival),
        1 => Just(Fault::Lag),
        2 => Just(Fault::Stop),
        2 => Just(Fault::Kill),
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
        for (address, (kind, is_stateful)) in Address::ALL.into_iter().zip(self.blocks) {
            let keeps = if is_stateful { "keeps" } else { "does not keep" };
            writeln!(formatter, "   The {address} authenticates by {kind}, which state {keeps}.")?;
        }
        if self.lag {
            writeln!(formatter, "   Reads show a write a moment late.")?;
        }
        if self.crowd {
            writeln!(formatter, "   Others have nine of the ten connectors that Webex allows.")?;
        }
        for (index, step) in self.steps.iter().enumerate() {
            writeln!(formatter, "{:2}. {step}", index + 1)?;
        }
        write!(formatter, "   Then terraform apply without faults, and terraform destroy.")
    }
}

impl fmt::Display for Address {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::First => "first",
            Self::Second => "second",
        })
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Basic => "basic authentication",
            Self::ClientCredentials => "client secret",
            Self::Password => "password grant",
            Self::Certificate => "certificate",
        })
    }
}

impl fmt::Display for Step {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Apply { changes, begins, fault } => {
                for change in changes {
                    write!(formatter, "{change} ")?;
                }
                write!(formatter, "terraform apply, which begins with the {begins}{fault}.")
            }
            Self::Destroy { begins, fault } => {
                write!(formatter, "terraform destroy, which begins with the {begins}{fault}.")
            }
            Self::EditByHand(address, argument) => {
                write!(formatter, "Somebody edits the {argument} of the {address} by hand.")
            }
            Self::SwitchByHand(address) => {
                write!(formatter, "Somebody activates or deactivates the {address} by hand.")
            }
            Self::DeleteByHand(address) => {
                write!(formatter, "Somebody deletes the {address} by hand.")
            }
            Self::CreateByHand(address) => {
                write!(formatter, "Somebody creates what the {address} describes by hand.")
            }
            Self::Taint(address) => write!(formatter, "terraform taint of the {address}."),
            Self::Forget(address) => write!(formatter, "terraform state rm of the {address}."),
            Self::Import(address) => write!(formatter, "terraform import to the {address}."),
        }
    }
}

impl fmt::Display for Change {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Edit(address, argument) => {
                write!(formatter, "The {address} gets another {argument}.")
            }
            Self::Switch(address) => {
                write!(formatter, "The {address} gets the other value of active.")
            }
            Self::Reauthenticate(address, kind) => {
                write!(formatter, "The {address} authenticates by {kind}.")
            }
            Self::Store(address) => write!(
                formatter,
                "The {address} moves its credentials to the arguments that state keeps, or back."
            ),
            Self::AddOrRemove(address) => {
                write!(formatter, "The {address} is added, or removed if it is there.")
            }
            Self::Ignore(address, ignored) => {
                let ignored = match ignored {
                    Ignored::Secret => "the secret",
                    Ignored::Active => "active",
                };
                write!(formatter, "The {address} ignores changes of {ignored}, or no longer.")
            }
            Self::SwapNames => formatter.write_str("The two swap their names."),
            Self::TakeName(address) => {
                let other = address.other();
                write!(
                    formatter,
                    "The {address} takes the name of the {other}, which gets another."
                )
            }
            Self::SwapAddresses => formatter.write_str("The two blocks swap their addresses."),
        }
    }
}

impl fmt::Display for Argument {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Secret => "secret",
            Self::Account => "user name or scope",
            Self::Domain => "resource domain",
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
            Self::Lag => formatter.write_str(", and reads show an update a minute late"),
            Self::Rival => formatter.write_str(
                ", and a create is cut off while somebody creates a connector of its name",
            ),
            Self::Overtaken { moment, argument } => match moment {
                Moment::Planned(address) => write!(
                    formatter,
                    ", and somebody edits the {argument} of the {address} after the plan"
                ),
                Moment::Written(write) => write!(
                    formatter,
                    ", and somebody edits the {argument} after create or edit {write}"
                ),
                Moment::ResponseLost(write) => write!(
                    formatter,
                    ", and somebody edits the {argument} after create or edit {write}, whose \
                     response is lost"
                ),
            },
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
                    Failure::Page => "is answered 200 with a page",
                    Failure::PageAfter => "is carried out, and answered 200 with a page",
                    Failure::EmptyObject => "is answered 201 with an empty object",
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
