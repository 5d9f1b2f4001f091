namespace MfRae.Lab.Reporting.Charts;

/// <summary>
/// The vertical axis of a scatter chart. What decides about it are the marks: a prediction of zero that rounding left at 1e-9, or a
/// measured zero, would press all else flat on a logarithmic axis, or keep it from being one. So such an axis ends below the smallest
/// positive mark, and what is smaller stands at its end.
/// </summary>
internal sealed class Heights
{
    // Beyond this ratio marks need a logarithmic axis; as for other scales.
    private const double LogRatio = 30;

    // Room between the end of a cut axis and the smallest value on it.
    private const double Room = 0.1;

    private readonly double least = double.NegativeInfinity;

    /// <param name="marks">Measured values, at least one.</param>
    /// <param name="lines">What is drawn beside them.</param>
    /// <param name="rules">Values to compare with: they stand on the axis wherever they are.</param>
    /// <param name="log">Whether it is logarithmic; null: where the marks ask for it.</param>
    public Heights(
        IReadOnlyList<double> marks, IReadOnlyList<double> lines, IReadOnlyList<double> rules, bool? log, double from, double to)
    {
        double[] firm = [.. marks.Concat(rules).Where(value => value > 0)];
        double[] all = [.. marks, .. lines, .. rules];
        if (firm.Length > 0 && marks.Concat(rules).Min() >= 0 && (log ?? all.Max() / firm.Min() > LogRatio))
        {
            // A line may go a little below the marks; what is compared with is an end itself.
            least = marks.Where(mark => mark > 0).Select(mark => mark * Room).Concat(rules.Where(rule => rule > 0)).Min();
            IsCut = all.Any(IsBelow);
            Scale = Scale.Over([.. all.Where(value => !IsBelow(value)), .. IsCut ? [least] : Array.Empty<double>()], from, to, log: true, 0.08);
        }
        else
        {
            Scale = Scale.Over(all, from, to, log: false, 0.08);
        }
    }

    public Scale Scale { get; }

    /// <summary>Whether something lies below the axis.</summary>
    public bool IsCut { get; }

    public bool IsBelow(double value) => value < least;

    public double Map(double value) => Scale.Map(IsBelow(value) ? least : value);
}
