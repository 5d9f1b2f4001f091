namespace MfRae.Lab.Core.Statistics;

/// <summary>How an arm of one experiment is compared with the arm of the same name in another.</summary>
public enum CrossDesign
{
    /// <summary>Both have the same value from the same stages: there is nothing to compare.</summary>
    Same,

    /// <summary>Seed by seed, with the sign-flip test.</summary>
    Paired,

    /// <summary>By the means, with Welch's t.</summary>
    Unpaired,

    /// <summary>Not at all, for want of values or of any spread between them.</summary>
    None,
}
