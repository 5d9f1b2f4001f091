using System.Globalization;

namespace MfRae.Lab.Reporting.Charts;

/// <summary>Maps a range of values to a range of pixels, linearly or logarithmically.</summary>
internal sealed record Scale(double Low, double High, double From, double To, bool Log)
{
    /// <summary>The ratio of values beyond which an axis is logarithmic.</summary>
    private const double LogRatio = 30;

    /// <summary>Values that differ by less than this, relative to their size, count as equal: they differ by rounding only.</summary>
    private const double Same = 1e-9;

    public double Map(double value)
    {
        var at = Log
            ? (Math.Log(value) - Math.Log(Low)) / (Math.Log(High) - Math.Log(Low))
            : (value - Low) / (High - Low);
        return From + at * (To - From);
    }

    /// <summary>
    /// An axis that contains the values, with a margin. Logarithmic on request, or if all values are positive and far apart.
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

/// <summary>A labelled value on an axis.</summary>
internal sealed record Tick(double Value, string Label)
{
    private static readonly double[] Nice = [1, 2, 5, 10];

    /// <summary>Multiples of 1, 2 or 5 times a power of ten.</summary>
    public static IReadOnlyList<Tick> Linear(double low, double high, int most)
    {
        var rough = (high - low) / most;
        var power = Math.Pow(10, Math.Floor(Math.Log10(rough)));
        var step = Nice.Select(nice => nice * power).MinBy(nice => Math.Abs(Math.Log(nice / rough)));
        var unit = Unit(Math.Max(Math.Abs(low), Math.Abs(high)), step);
        var decimals = Math.Clamp(-(int)Math.Floor(Math.Log10(step / unit.Size) + 1e-9), 0, 12);
        var ticks = new List<Tick>();
        var first = Math.Ceiling(low / step - 1e-9);
        // Counts from the first tick: beyond 2⁵³, adding 1 to a double does not change it.
        for (var at = 0; at <= 2 * most && (first + at) * step <= high + step * 1e-9; at++)
        {
            ticks.Add(new((first + at) * step, Text((first + at) * step, decimals, unit)));
        }

        return ticks;
    }

    /// <summary>
    /// Powers of ten, with 2 and 5 between them if there are few; below a factor of five the same ticks as on a linear axis.
    /// </summary>
    public static IReadOnlyList<Tick> Logarithmic(double low, double high, int most)
    {
        var decades = Math.Log10(high / low);
        if (decades < 0.7)
        {
            return [.. Linear(low, high, most).Where(tick => tick.Value > 0)];
        }

        double[] digits = decades <= 1.4 ? [1, 2, 3, 5] : decades <= 2.5 ? [1, 2, 5] : [1];
        var every = Math.Max(1, (int)Math.Ceiling(decades / most));
        var ticks = new List<Tick>();
        for (var exponent = (int)Math.Floor(Math.Log10(low)); exponent <= (int)Math.Ceiling(Math.Log10(high)); exponent++)
        {
            if (exponent % every != 0)
            {
                continue;
            }

            foreach (var digit in digits)
            {
                var value = digit * Math.Pow(10, exponent);
                if (value >= low * (1 - 1e-9) && value <= high * (1 + 1e-9))
                {
                    ticks.Add(new(value, Text(value, Math.Clamp(-exponent, 0, 12), Unit(value, value))));
                }
            }
        }

        return ticks;
    }

    /// <summary>The common unit of an axis: that of its largest value, unless its steps are too fine for it.</summary>
    private static (double Size, string Sign) Unit(double largest, double step) => largest switch
    {
        >= 1e9 => (1, ""),
        >= 1e6 when step >= 1e4 => (1e6, "M"),
        >= 1e4 when step >= 10 => (1e3, "k"),
        _ => (1, ""),
    };

    private static string Text(double value, int decimals, (double Size, string Sign) unit)
    {
        var size = Math.Abs(value);
        var text = size switch
        {
            >= 1e9 or (> 0 and < 1e-4) => value.ToString("0.##e0", CultureInfo.InvariantCulture),
            // The other ticks have exponents.
            0 when decimals > 4 => "0",
            0 when unit.Size > 1 => "0",
            _ => ((size < 1e-12 ? 0 : value) / unit.Size).ToString("N" + decimals, CultureInfo.InvariantCulture) + unit.Sign,
        };
        return text.Replace('-', '−');
    }
}
