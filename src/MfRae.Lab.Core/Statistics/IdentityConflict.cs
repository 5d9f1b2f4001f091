namespace MfRae.Lab.Core.Statistics;

/// <summary>Why two measurements are not compared.</summary>
/// <param name="Field">The field of the identity that differs: reference, extractor, samples, …</param>
public sealed record IdentityConflict(string Field, string One, string Other)
{
    /// <summary>What stands in a report instead of a number.</summary>
    public override string ToString() => $"not comparable: {Field} differs";
}
