namespace MfRae.Lab.Core.Tracking;

/// <summary>Neighbouring points of one series, gathered: what a chart needs of them, with their extremes.</summary>
/// <param name="Count">Points, those without a finite value included.</param>
/// <param name="Finite">Points with a finite value; where there is none, <paramref name="Low"/> and <paramref name="High"/> mean nothing.</param>
/// <param name="Sum">Of the finite values.</param>
public readonly record struct CurveBucket(long FirstStep, long LastStep, long Count, long Finite, double Sum, double Low, double High)
{
    public static CurveBucket Of(long step, double? value) => value is { } number && double.IsFinite(number)
        ? new(step, step, 1, 1, number, number, number)
        : new(step, step, 1, 0, 0, double.PositiveInfinity, double.NegativeInfinity);

    /// <summary>With points that follow.</summary>
    public CurveBucket And(CurveBucket next) => new(
        FirstStep, next.LastStep, Count + next.Count, Finite + next.Finite, Sum + next.Sum, Math.Min(Low, next.Low), Math.Max(High, next.High));
}
