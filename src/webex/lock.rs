//! Locks of values that are shared by the operations of a process.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// Locks a mutex, also after a panic: nothing in this crate panics while it holds a lock, so what a
/// poisoned one guards is intact.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
