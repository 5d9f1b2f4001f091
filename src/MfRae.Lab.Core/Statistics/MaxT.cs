namespace MfRae.Lab.Core.Statistics;

/// <summary>
/// Simultaneous tests and intervals of several contrasts over the same seeds by sign flips (single-step max-T: P. H. Westfall and S. S. Young,
/// Resampling-Based Multiple Testing, 1993). If an effect equals an assumed value, its deviations from this value are assumed to be symmetric
/// about zero, so all their signs could as well be the opposite. The signs of a seed are flipped in all contrasts together, which keeps their
/// correlation, and each contrast is compared with the largest statistic of all contrasts. The statistic is Student's t of the deviations.
/// </summary>
/// <remarks>
/// The deviations of a contrast are taken from the assumed value that is tested; those of the other contrasts from their margin, on the side
/// of their mean, or from zero without a margin. A value is in the interval if the test does not reject it, so interval and p value agree.
/// </remarks>
public sealed class MaxT
{
    /// <summary>A p value of at most this is significant.</summary>
    public const double Level = 0.05;

    /// <summary>Up to this many seeds all assignments of signs are enumerated.</summary>
    public const int LargestExact = 14;

    /// <summary>The number of drawn assignments for more seeds. The observed assignment is added, so p is never zero.</summary>
    public const int Draws = 9_999;

    private readonly Flips _flips;
    private readonly Column[] _columns;

    // For each flip the largest and the second largest statistic, so that the largest of all other contrasts is known for each contrast.
    private readonly Largest _twoSided;
    private readonly Largest _within;
    private readonly double[] _upper;

    /// <summary>Prepares the tests of a family of contrasts.</summary>
    /// <param name="contrasts">The contrasts, with a value or NaN for every seed in the same order.</param>
    /// <param name="seed">The seed of drawn assignments.</param>
    public MaxT(IReadOnlyList<ContrastValues> contrasts, long seed = 0)
        : this(contrasts, Flips.Of(Measured(contrasts).Length, seed))
    {
    }

    internal MaxT(IReadOnlyList<ContrastValues> contrasts, Flips flips)
    {
        int[] places = Measured(contrasts);
        _flips = flips;
        _columns = [.. contrasts.Select(contrast => new Column(contrast, places, _flips))];
        (_twoSided, _within) = (new(_flips.Count), new(_flips.Count));
        _upper = new double[_flips.Count];
        for (var flip = 0; flip < _flips.Count; flip++)
        {
            _upper[flip] = double.NegativeInfinity;
            for (var k = 0; k < _columns.Length; k++)
            {
                var t = _columns[k].Statistic(flip);
                _twoSided.Add(flip, k, Math.Abs(t));
                _upper[flip] = Math.Max(_upper[flip], t);
                if (_columns[k].Margin is not null)
                {
                    _within.Add(flip, k, _columns[k].Mean < 0 ? t : -t);
                }
            }
        }
    }

    /// <summary>The test and the intervals of a contrast.</summary>
    /// <param name="contrast">Its place in the family.</param>
    public SimultaneousTest Of(int contrast)
    {
        var column = _columns[contrast];
        var (above, below) = (new double[_flips.Count], new double[_flips.Count]);
        var (within, beneath) = (new double[_flips.Count], new double[_flips.Count]);
        for (var flip = 0; flip < _flips.Count; flip++)
        {
            var (flipped, kept) = column.Means(flip);
            var others = column.Distance(_twoSided.Without(flip, contrast));
            above[flip] = Math.Max(others, Math.Max(flipped, kept) - column.Mean);
            below[flip] = Math.Max(others, column.Mean - Math.Min(flipped, kept));
            if (double.IsInfinity(flipped) || double.IsInfinity(kept))
            {
                above[flip] = below[flip] = double.PositiveInfinity;
            }

            var nearer = column.Distance(_within.Without(flip, contrast));
            within[flip] = double.IsInfinity(flipped) ? double.PositiveInfinity : Math.Max(nearer, flipped - column.Mean);
            beneath[flip] = double.IsInfinity(flipped) ? double.PositiveInfinity : Math.Max(nearer, column.Mean - flipped);
        }

        var (mean, margin) = (column.Mean, column.Margin);
        var (low, high) = (mean - Quantile(below), mean + Quantile(above));
        double TwoSided(double value) => value >= mean ? Fraction(above, value - mean) : Fraction(below, mean - value);
        double? beyond = margin is not { } least ? null : Math.Abs(mean) <= least ? 1 : TwoSided(Math.CopySign(least, mean));
        double? inside = margin is not { } most ? null
            : Math.Abs(mean) >= most ? 1 : Math.Max(Fraction(within, most - mean), Fraction(beneath, mean + most));
        return new(
            column.Count,
            mean,
            column.Deviation,
            double.IsInfinity(low) || double.IsInfinity(high) ? null : new(low, high),
            margin is null || Quantile(within) + Quantile(beneath) is double.PositiveInfinity
                ? null
                : new(mean - Quantile(beneath), mean + Quantile(within)),
            TwoSided(0),
            beyond,
            inside,
            SmallestPValue(column.Count));

        // The test rejects a value if at most a share of flips, the level, reaches its distance from the mean.
        double Quantile(double[] distances)
        {
            var sorted = (double[])distances.Clone();
            Array.Sort(sorted);
            return sorted[Math.Max(0, sorted.Length - 1 - (int)Math.Floor((Level * sorted.Length) + 1e-9))];
        }

        // Equal means may differ in the last bits according to the order of addition.
        double Fraction(double[] distances, double distance)
        {
            var least = distance - (1e-10 * (Math.Abs(distance) + Math.Abs(mean) + column.Error));
            return distances.Count(one => one >= least) / (double)distances.Length;
        }
    }

    /// <summary>The p value of the hypothesis that no effect is above zero, against the alternative that any effect is.</summary>
    public double UpperPValue()
    {
        var observed = _upper[0];
        var least = double.IsInfinity(observed) ? observed : observed - (1e-10 * Math.Abs(observed));
        return _upper.Count(one => one >= least) / (double)_upper.Length;
    }

    /// <summary>
    /// The smallest p that a two-sided test can give for a number of seeds: 2 / 2ⁿ, so .0625 for five and .03125 for six seeds, whatever the
    /// number of contrasts.
    /// </summary>
    public static double SmallestPValue(int seeds) => seeds switch
    {
        <= 0 => 1,
        <= LargestExact => 2 / Math.Pow(2, seeds),
        _ => 1d / (Draws + 1),
    };

    /// <summary>The places at which any contrast has a value.</summary>
    private static int[] Measured(IReadOnlyList<ContrastValues> contrasts) => contrasts.Count == 0 ? []
        : [.. Enumerable.Range(0, contrasts[0].Values.Count).Where(place => contrasts.Any(contrast => !double.IsNaN(contrast.Values[place])))];

    /// <summary>One contrast: its sums under every assignment of signs.</summary>
    private sealed class Column
    {
        private readonly double[] _sums;
        private readonly int[] _minus;
        private readonly double _total;
        private readonly double _shift;
        private readonly double _squares;

        public Column(ContrastValues contrast, int[] places, Flips flips)
        {
            int[] own = [.. Enumerable.Range(0, places.Length).Where(i => !double.IsNaN(contrast.Values[places[i]]))];
            double[] values = [.. own.Select(i => contrast.Values[places[i]])];
            Margin = contrast.Margin;
            Count = values.Length;
            _total = values.Sum();
            Mean = Count == 0 ? 0 : _total / Count;
            Deviation = Summary.Of(values).Deviation;
            Error = (Deviation ?? 0) / Math.Sqrt(Math.Max(1, Count));
            _shift = Margin is { } margin ? Math.CopySign(margin, Mean) : 0;
            _squares = values.Sum(value => (value - _shift) * (value - _shift));
            _sums = new double[flips.Count];
            _minus = new int[flips.Count];
            for (var flip = 0; flip < flips.Count; flip++)
            {
                for (var i = 0; i < own.Length; i++)
                {
                    var minus = flips.IsMinus(flip, own[i]);
                    _sums[flip] += minus ? -values[i] : values[i];
                    _minus[flip] += minus ? 1 : 0;
                }
            }
        }

        public double? Margin { get; }

        public int Count { get; }

        public double Mean { get; }

        public double? Deviation { get; }

        /// <summary>The standard error of the mean.</summary>
        public double Error { get; }

        /// <summary>Student's t of the flipped deviations from the margin.</summary>
        public double Statistic(int flip)
        {
            var sum = _sums[flip] - (_shift * (Count - (2 * _minus[flip])));
            // The squared correlation of the deviations with a constant; t grows with it.
            var share = _squares <= 0 ? 0 : sum * sum / (Count * _squares);
            return share <= 1e-20 ? 0
                : share >= 1 - 1e-12 ? Math.CopySign(double.PositiveInfinity, sum)
                : Math.CopySign(Math.Sqrt(share * (Count - 1) / (1 - share)), sum);
        }

        /// <summary>The distance from the mean at which this contrast has a statistic.</summary>
        public double Distance(double statistic) => double.IsInfinity(statistic) ? statistic : statistic * Error;

        /// <summary>The means of the values whose signs are flipped, and of the others; infinite for none.</summary>
        public (double Flipped, double Kept) Means(int flip)
        {
            var minus = _minus[flip];
            return (
                minus == 0 ? double.PositiveInfinity : (_total - _sums[flip]) / 2 / minus,
                minus == Count ? double.PositiveInfinity : (_total + _sums[flip]) / 2 / (Count - minus));
        }
    }

    /// <summary>The largest and the second largest statistic of each flip.</summary>
    private sealed class Largest(int flips)
    {
        private readonly double[] _first = [.. Enumerable.Repeat(double.NegativeInfinity, flips)];
        private readonly double[] _second = [.. Enumerable.Repeat(double.NegativeInfinity, flips)];
        private readonly int[] _which = [.. Enumerable.Repeat(-1, flips)];

        public void Add(int flip, int contrast, double statistic)
        {
            if (statistic > _first[flip] || _which[flip] < 0)
            {
                (_second[flip], _first[flip], _which[flip]) = (_first[flip], statistic, contrast);
            }
            else
            {
                _second[flip] = Math.Max(_second[flip], statistic);
            }
        }

        /// <summary>The largest statistic of the other contrasts.</summary>
        public double Without(int flip, int contrast) => _which[flip] == contrast ? _second[flip] : _first[flip];
    }
}

/// <summary>The values of a contrast for a test.</summary>
/// <param name="Values">One value for each seed; NaN if an arm has none.</param>
/// <param name="Margin">The smallest relevant effect in the unit of the values, or null.</param>
public sealed record ContrastValues(IReadOnlyList<double> Values, double? Margin = null);

/// <summary>A contrast, tested together with the others of its family.</summary>
/// <param name="Count">Number of seeds.</param>
/// <param name="Mean">The estimate: the mean over seeds.</param>
/// <param name="Deviation">Standard deviation over seeds; null for fewer than two.</param>
/// <param name="Interval">Simultaneous 95 % interval; null with too few seeds for one.</param>
/// <param name="Within">Simultaneous 90 % interval, which decides equivalence; null without a margin or with too few seeds.</param>
/// <param name="PValue">Two-sided p of no effect.</param>
/// <param name="Beyond">Two-sided p of an effect at the margin on the side of the mean; 1 if the mean is within the margin, null without.</param>
/// <param name="Inside">The larger p of the two one-sided tests at the margins; 1 if the mean is beyond the margin, null without.</param>
/// <param name="Smallest">The smallest two-sided p that this number of seeds can give.</param>
public sealed record SimultaneousTest(
    int Count,
    double Mean,
    double? Deviation,
    Interval? Interval,
    Interval? Within,
    double PValue,
    double? Beyond,
    double? Inside,
    double Smallest);

/// <summary>Assignments of signs to seeds; the first flips none.</summary>
internal sealed class Flips
{
    private readonly bool[] _minus;
    private readonly int _seeds;

    private Flips(int seeds, int count, Func<int, int, bool> minus)
    {
        (_seeds, Count) = (seeds, count);
        _minus = new bool[seeds * count];
        for (var flip = 1; flip < count; flip++)
        {
            for (var seed = 0; seed < seeds; seed++)
            {
                _minus[(flip * seeds) + seed] = minus(flip, seed);
            }
        }
    }

    public int Count { get; }

    /// <summary>All assignments, or as many drawn assignments as tests use.</summary>
    public static Flips Of(int seeds, long seed = 0) => Of(seeds, MaxT.LargestExact, MaxT.Draws, seed);

    /// <summary>All assignments if there are at most <paramref name="largestExact"/> seeds, otherwise drawn assignments.</summary>
    public static Flips Of(int seeds, int largestExact, int draws, long seed)
    {
        if (seeds <= largestExact)
        {
            return new(seeds, 1 << seeds, (flip, place) => (flip >> place & 1) != 0);
        }

        var random = new SplitMix((ulong)Seed.For(seed, "signFlip"));
        return new(seeds, draws + 1, (_, _) => random.Below(2) != 0);
    }

    public bool IsMinus(int flip, int seed) => _minus[(flip * _seeds) + seed];
}
