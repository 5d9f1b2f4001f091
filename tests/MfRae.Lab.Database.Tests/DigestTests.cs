using MfRae.Lab.Core.Records;
using MfRae.Lab.Database.Tests.Support;
using static MfRae.Lab.Database.Tests.Support.Journal;

namespace MfRae.Lab.Database.Tests;

/// <summary>Long series are read in buckets, which keep every extreme.</summary>
public sealed class DigestTests : IDisposable
{
    private const string Stage = Plans.Teacher;
    private readonly Support.Lab _lab = new();

    public DigestTests() => _lab.Begin(Plans.Of());

    public void Dispose() => _lab.Dispose();

    [Fact]
    public void A_short_series_is_read_point_by_point()
    {
        Tell(1, 1, 2048);

        var series = Read();

        series.Gathered.Should().BeNull();
        series.Steps.Should().HaveCount(2048);
        _lab.Scalar("select count(*) from digest").Should().Be(0L);
    }

    [Fact]
    public void A_long_series_keeps_its_extremes_its_sum_and_its_gaps()
    {
        Tell(1, 1, 10_000);

        var buckets = Read().Gathered!;

        buckets.Should().HaveCount(256);
        buckets[0].FirstStep.Should().Be(1);
        buckets[^1].LastStep.Should().Be(10_000);
        buckets.Sum(bucket => bucket.Count).Should().Be(10_000);
        buckets.Sum(bucket => bucket.Finite).Should().Be(9_999);
        buckets.Max(bucket => bucket.High).Should().Be(1e6);
        buckets.Min(bucket => bucket.Low).Should().Be(-1e6);
        buckets.Sum(bucket => bucket.Sum).Should().BeApproximately(Enumerable.Range(1, 10_000).Sum(step => Value(step) ?? 0), 1e-6);
        buckets.Zip(buckets.Skip(1)).Should().OnlyContain(pair => pair.First.LastStep < pair.Second.FirstStep);
    }

    [Theory]
    [InlineData(4_000)]
    [InlineData(4_017)]
    [InlineData(10)]
    public void An_interrupted_series_is_grouped_like_an_uninterrupted_series(int kept)
    {
        Tell(1, 1, 9_500, "interrupted");
        Tell(2, kept + 1, 10_000, resumed: kept);
        var buckets = Read().Gathered;

        Tell(3, 1, 10_000);

        buckets.Should().Equal(Read().Gathered);
    }

    [Fact]
    public void An_attempt_from_the_beginning_replaces_the_earlier_attempt()
    {
        Tell(1, 1, 10_000, "interrupted");
        Tell(2, 1, 3_000);

        Read().Gathered!.Sum(bucket => bucket.Count).Should().Be(3_000);
    }

    [Fact]
    public void A_running_attempt_is_grouped_up_to_its_last_step()
    {
        _lab.Tell(Stage, 1, [Started(1), .. Enumerable.Range(1, 5_000).Select(step => Loss(step, step))]);

        Read().Gathered!.Sum(bucket => bucket.Count).Should().Be(5_000);
        _lab.Scalar("select count(*) from digest").Should().Be(0L);
    }

    private static double? Value(int step) => step switch
    {
        137 => 1e6,
        9_001 => -1e6,
        5_000 => null,
        _ => 1.0 / step,
    };

    private SeriesRecord Read() => _lab.Curves("ablation", Stage).Single();

    private void Tell(int attempt, int first, int last, string status = "completed", int? resumed = null)
    {
        JournalEvent[] begin = resumed is { } step ? [Started(attempt), new ResumedEvent(step)] : [Started(attempt)];
        _lab.Tell(Stage, attempt, [.. begin, .. Enumerable.Range(first, last - first + 1).Select(one => Loss(one, Value(one))), Finished(status)]);
    }
}
