namespace MfRae.Lab.Reporting.Charts;

/// <summary>Maps a range of values to a range of pixels, linearly or by the logarithm.</summary>
internal sealed record Scale(double Low, double High, double From, double To, bool Log)
{
    /// <summary>Values this many times apart get a logarithmic axis.</summary>
    private const double LogRatio = 30;

    /// <summary>Values so near each other, relative to their size, are one value and rounding: no axis can tell them apart.</summary>
    private const double Same = 1e-9;

    public double Map(double value)
    {
        var at = Log
            ? (Math.Log(value) - Math.Log(Low)) / (Math.Log(High) - Math.Log(Low))
            : (value - Low) / (High - Low);
        return From + at * (To - From);
    }

    /// <summary>
    /// An axis that holds the values with a margin. Logarithmic where asked for, or where all are positive and far apart.
    /// </summary>
    public static Scale Over(IReadOnlyCollection<double> values, double from, double to, bool? log = null, double margin = 0.04)
    {
        var (low, high) = values.Count == 0 ? (0, 1) : (values.Min(), values.Max());
        if (high - low < Same * Math.Max(Math.Abs(low), Math.Abs(high)))
        {
            low = high;
        }

        var logarithmic = low > 0 && (log ?? high / low > LogRatio);
        if (logarithmic)
        {
            var room = high > low ? Math.Pow(high / low, margin) : 1.1;
            return new(low / room, high * room, from, to, true);
        }

        var gap = high > low ? (high - low) * margin : Math.Max(Math.Abs(high) * 0.05, 1e-6);
        return new(low >= 0 && low - gap < 0 ? 0 : low - gap, high + gap, from, to, false);
    }

    /// <summary>An axis over steps: from the first to the last, without margin.</summary>
    public static Scale Exactly(double low, double high, double from, double to) => new(low, high > low ? high : low + 1, from, to, false);

    public IReadOnlyList<Tick> Ticks(int most = 6) => Log ? Tick.Logarithmic(Low, High, most) : Tick.Linear(Low, High, most);
}
