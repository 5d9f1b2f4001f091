namespace MfRae.Lab.Learning.Evaluation;

/// <summary>FID of the reference's own images, corrupted more and more: a metric that is to be believed must rise.</summary>
/// <param name="Images">How many images of the reference were corrupted.</param>
/// <param name="Rungs">Each kind of corruption from none upwards.</param>
public sealed record CorruptionLadder(long Images, IReadOnlyList<CorruptionRung> Rungs)
{
    /// <summary>Whether FID rises from rung to rung within each kind.</summary>
    public bool IsMonotone => Rungs.GroupBy(rung => rung.Kind).All(kind =>
        kind.OrderBy(rung => rung.Level).Select(rung => rung.Fid).ToList() is var values
        && values.Zip(values.Skip(1)).All(pair => pair.First < pair.Second));
}
