using MfRae.Lab.Core.Records;
using MfRae.Lab.Database.Tests.Support;
using Journal = MfRae.Lab.Database.Tests.Support.Journal;

namespace MfRae.Lab.Database.Tests;

/// <summary>The stored last lines and curves of a failed attempt.</summary>
public sealed class FailureTraceTests : IDisposable
{
    private static readonly string Stage = Plans.Training("a", 0);

    private readonly Support.Lab _lab = new();

    public FailureTraceTests() => _lab.Begin(Plans.Of());

    public void Dispose() => _lab.Dispose();

    [Theory]
    [InlineData("failed", true)]
    [InlineData("diverged", true)]
    [InlineData("killed", true)]
    [InlineData("outOfMemory", true)]
    [InlineData("interrupted", false)]
    [InlineData("completed", false)]
    public void Only_failed_attempts_have_last_lines_and_curves(string status, bool kept)
    {
        Print(1, "first\nlast");

        _lab.Tell(Stage, 1, Journal.Started(1), Point(10, 2.5, 7), Point(20, null, 70), Journal.Finished(status));

        var trace = Attempts().Single().Trace;
        (trace?.Log).Should().Be(kept ? "first\nlast" : null);
        _lab.Scalar("select log from attempts").Should().Be(kept ? "first\nlast" : null);
        (trace?.Series ?? []).Select(series => series.Name).Should().Equal(kept ? ["loss", "gradientNorm"] : []);
        if (kept)
        {
            trace!.Series[0].Should().BeEquivalentTo(new SeriesRecord("loss", [10, 20], [2.5, null]));
        }
    }

    [Fact]
    public void A_superseded_attempt_keeps_its_curve()
    {
        _lab.Tell(Stage, 1, Journal.Started(1), Point(10, 1, 1), Point(20, 99, 1), Point(30, null, 1), Journal.Finished("diverged"));
        _lab.Tell(Stage, 2, Journal.Started(2), new ResumedEvent(10), Point(20, 2, 1), Point(30, 3, 1), Journal.Finished());

        var attempts = Attempts();

        attempts[0].Trace!.Series[0].Values.Should().Equal(1, 99, null);
        attempts[0].Trace!.Log.Should().BeNull("it printed nothing");
        attempts[1].Trace.Should().BeNull();
        _lab.Curves("ablation", Stage).Single(series => series.Name == "loss").Values.Should().Equal(1, 2, 3);
    }

    [Fact]
    public void A_long_curve_of_a_killed_worker_is_grouped_too()
    {
        _lab.Tell(Stage, 1, [Journal.Started(1), .. Enumerable.Range(1, CurveDigest.MostPoints + 1).Select(step => Point(step, step, 1))]);
        _lab.Log.Status(Stage, StageStatus.Killed);

        var loss = Attempts().Single().Trace!.Series[0];

        loss.Steps.Should().BeEmpty();
        loss.Buckets.Last().High.Should().Be(CurveDigest.MostPoints + 1);
    }

    [Fact]
    public void Output_after_the_end_of_the_journal_is_stored_when_the_end_is_ingested_again()
    {
        var lines = Journal.Of(1, Journal.Started(1), Journal.Finished("failed"));
        Print(1, "early");
        _lab.Log.Ingest(Stage, 1, lines, _lab.Folder);
        Print(1, "early\nlate");

        _lab.Log.Ingest(Stage, 1, [lines[^1]], _lab.Folder);

        Attempts().Single().Trace!.Log.Should().Be("early\nlate");
        File.Delete(Path.Combine(_lab.Folder, "worker.1.log"));
        _lab.Log.Ingest(Stage, 1, lines, _lab.Folder);
        Attempts().Single().Trace!.Log.Should().Be("early\nlate", "the stored lines outlive the file");
    }

    [Fact]
    public void New_last_lines_change_the_stamp()
    {
        var lines = Journal.Of(1, Journal.Started(1), Journal.Finished("failed"));
        _lab.Log.Ingest(Stage, 1, lines, _lab.Folder);
        var before = _lab.Queries.Stamp("ablation");

        Print(1, "late");
        _lab.Log.Ingest(Stage, 1, [lines[^1]], _lab.Folder);

        _lab.Queries.Stamp("ablation").Should().NotBe(before);
    }

    [Fact]
    public void Hostile_lines_are_stored_unchanged()
    {
        const string Hostile = "'; drop table attempt; -- <img src=x onerror=alert(1)> {{ 1 }} \u202e\u001b[2J";
        Print(1, Hostile);

        _lab.Tell(Stage, 1, Journal.Started(1), Journal.Finished("failed"));

        Attempts().Single().Trace!.Log.Should().Be(Hostile);
    }

    private static MetricsEvent Point(long step, double? loss, double norm) =>
        new(step, new Dictionary<string, double?> { ["gradientNorm"] = norm, ["learningRate"] = 1, ["loss"] = loss });

    private void Print(int attempt, string text) => File.WriteAllText(Path.Combine(_lab.Folder, $"worker.{attempt}.log"), text);

    private IReadOnlyList<AttemptRecord> Attempts() =>
        _lab.Queries.Experiment("ablation")!.Stages.Single(candidate => candidate.Key == Stage).Attempts;
}
