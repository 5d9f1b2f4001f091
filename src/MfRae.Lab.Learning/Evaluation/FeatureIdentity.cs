using MfRae.Lab.Core.Statistics;

namespace MfRae.Lab.Learning.Evaluation;

/// <summary>What makes features comparable: the network they come from, and what was done to images before it.</summary>
/// <param name="Extractor">SHA-256 of the weights file.</param>
public sealed record FeatureIdentity(string Extractor, string Preprocessing)
{
    /// <summary>Every field in which the two differ, with both values.</summary>
    public IReadOnlyList<IdentityConflict> Differences(FeatureIdentity other)
    {
        var differences = new List<IdentityConflict>();
        if (Extractor != other.Extractor)
            differences.Add(new("extractor", Extractor, other.Extractor));
        if (Preprocessing != other.Preprocessing)
            differences.Add(new("preprocessing", Preprocessing, other.Preprocessing));
        return differences;
    }
}
