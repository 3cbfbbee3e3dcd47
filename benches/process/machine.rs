//! Memory and CPU time of processes, and the load of the machine.
//!
//! The figures come from Linux' `/proc`. Other systems have none.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// The interval of looking at running processes.
const GLANCE: Duration = Duration::from_millis(2);

/// Returns the load of the last minute, five and fifteen minutes.
pub(crate) fn load() -> String {
    let text = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let load = text.split_whitespace().take(3).collect::<Vec<_>>().join(" ");
    if load.is_empty() { "unknown".to_owned() } else { load }
}

/// Returns a description of the machine, in one line.
pub(crate) fn description() -> String {
    let field = |file: &str, name: &str| {
        let text = fs::read_to_string(file).unwrap_or_default();
        let line = text.lines().find(|line| line.starts_with(name))?.to_owned();
        Some(line.split_once(':')?.1.trim().to_owned())
    };
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let processor =
        field("/proc/cpuinfo", "model name").unwrap_or_else(|| "unknown CPU".to_owned());
    let memory = field("/proc/meminfo", "MemTotal")
        .and_then(|text| text.split(' ').next()?.parse::<u64>().ok())
        .map_or_else(String::new, |kibibytes| format!(", {} GiB", kibibytes >> 20));
    format!("{cores} cores, {processor}{memory}, {}", std::env::consts::OS)
}

/// Returns the first line of a program's output.
pub(crate) fn first_line(program: &str, arguments: &[&str]) -> Option<String> {
    let output = Command::new(program).args(arguments).stderr(Stdio::null()).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    output.status.success().then(|| text.lines().next().unwrap_or_default().trim().to_owned())
}

/// Returns the peak of a process's resident memory, in bytes.
///
/// This is `VmHWM`. The figure of `wait4` would include the memory of the parent
/// before the `exec`.
pub(crate) fn peak_memory(process: u32) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kibibytes = line.trim().strip_suffix(" kB")?.parse::<u64>().ok()?;
    Some(kibibytes << 10)
}

/// Returns the CPU time of a process so far, over all its threads.
pub(crate) fn cpu_time(process: u32) -> Option<Duration> {
    let mut sum = 0;
    for thread in fs::read_dir(format!("/proc/{process}/task")).ok()? {
        let text = fs::read_to_string(thread.ok()?.path().join("schedstat")).ok()?;
        sum += text.split(' ').next()?.parse::<u64>().ok()?;
    }
    Some(Duration::from_nanos(sum))
}

/// The memory and CPU time of a program's processes during a command.
#[derive(Clone, Copy, Default)]
pub(crate) struct Demand {
    /// The highest peak of memory among the processes, in bytes.
    pub(crate) memory: u64,
    /// The CPU time of all processes.
    pub(crate) cpu: Duration,
}

/// Runs a command, and returns the demand of its processes that execute `program`;
/// `None` if none was seen.
///
/// The processes are sampled every two milliseconds. The last interval, in which a
/// process closes its connections, is missed. Before its `exec`, a process has the
/// memory of its parent, and is not counted.
pub(crate) fn demand_of_children(mut command: Command, program: &Path) -> Option<Demand> {
    let program = program.canonicalize().unwrap();
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let mut demands = BTreeMap::<u32, Demand>::new();
    loop {
        for process in children(&child) {
            let executes = fs::read_link(format!("/proc/{process}/exe"));
            if executes.is_ok_and(|executed| executed == program)
                && let Some(memory) = peak_memory(process)
            {
                let demand = demands.entry(process).or_default();
                demand.memory = memory.max(demand.memory);
                demand.cpu = cpu_time(process).map_or(demand.cpu, |cpu| cpu.max(demand.cpu));
            }
        }
        if let Some(status) = child.try_wait().unwrap() {
            let mut said = String::new();
            let stderr = child.stderr.as_mut().unwrap();
            std::io::Read::read_to_string(stderr, &mut said).unwrap();
            assert!(status.success(), "{said}");
            return demands.into_values().reduce(|left, right| Demand {
                memory: left.memory.max(right.memory),
                cpu: left.cpu + right.cpu,
            });
        }
        std::thread::sleep(GLANCE);
    }
}

fn children(parent: &Child) -> Vec<u32> {
    let threads = fs::read_dir(format!("/proc/{}/task", parent.id()));
    let lists = threads.into_iter().flatten().flatten();
    let lists = lists.filter_map(|thread| fs::read_to_string(thread.path().join("children")).ok());
    lists
        .flat_map(|list| list.split_whitespace().map(str::parse).collect::<Vec<_>>())
        .flatten()
        .collect()
}
