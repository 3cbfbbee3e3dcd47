//! API profiles: APIs that are described, recorded and learned.

mod families;
mod random;
mod tolerance;
