namespace MfRae.Lab.Core.Statistics;

/// <summary>How differences from a baseline are told.</summary>
public enum DifferenceForm
{
    /// <summary>In the unit of the metric.</summary>
    Plain,

    /// <summary>In per cent of the baseline.</summary>
    Percent,

    /// <summary>As how many times the baseline the value is: where percentages would be in the hundreds, or all −100.</summary>
    Factor,
}
