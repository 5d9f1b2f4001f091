namespace MfRae.Lab.Tracking.Exchange;

/// <summary>What the cells of a column are, apart from null.</summary>
internal enum CellType
{
    Integer,
    Real,
    Text,
    Blob,
}
