namespace MfRae.Lab.Core.Statistics;

/// <summary>A closed interval.</summary>
public readonly record struct Interval(double Low, double High)
{
    public bool Contains(double value) => Low <= value && value <= High;
}
