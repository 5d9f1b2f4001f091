namespace MfRae.Lab.Tracking.Exchange;

/// <summary>What an experiment can be written as for other programs (docs/exchange.md).</summary>
public enum ExportFormat
{
    /// <summary>One file for each view, RFC 4180.</summary>
    Csv,

    /// <summary>One file for each view, in row groups.</summary>
    Parquet,

    /// <summary>One event file for each run.</summary>
    TensorBoard,
}
