//! Numbers without loss.

use bigdecimal::BigDecimal;

/// A number of any size and precision, or an infinity.
#[derive(Clone, Debug, PartialEq)]
pub enum Number {
    /// A finite number.
    Finite(BigDecimal),
    /// +∞
    PositiveInfinity,
    /// −∞
    NegativeInfinity,
}
