using MfRae.Lab.Core.Records;
using MfRae.Lab.Database.Tests.Support;
using static MfRae.Lab.Database.Tests.Support.Journal;

namespace MfRae.Lab.Database.Tests;

public sealed class SupersessionTests : IDisposable
{
    private static readonly string Stage = Plans.Training("a", 0);

    private static readonly JournalEvent[][] Resumed =
    [
        [Started(1), Loss(10, 1), Loss(20, 2), new CheckpointEvent(20), Loss(30, 3), Loss(40, 4)],
        [Started(2), new ResumedEvent(20), Loss(30, 30), new CheckpointEvent(30), Loss(40, 40)],
        [Started(3), new ResumedEvent(30), Loss(40, 400), Loss(50, 500), Finished()],
    ];

    private readonly Support.Lab _lab = new();

    public SupersessionTests() => _lab.Begin(Plans.Of());

    public void Dispose() => _lab.Dispose();

    [Theory]
    [InlineData(1, 2, 3)]
    [InlineData(3, 2, 1)]
    [InlineData(2, 3, 1)]
    public void After_resumes_one_point_per_step_is_valid_in_any_order_of_ingestion(int first, int second, int third)
    {
        foreach (var attempt in new[] { first, second, third })
        {
            _lab.Tell(Stage, attempt, Resumed[attempt - 1]);
        }

        var curve = _lab.Curves("ablation", Stage).Single();
        curve.Steps.Should().Equal(10, 20, 30, 40, 50);
        curve.Values.Should().Equal(1, 2, 30, 400, 500);
        _lab.Scalar("select count(*) from point").Should().Be(8L, "nothing is deleted");
    }

    [Fact]
    public void The_result_does_not_depend_on_the_batches_of_a_journal()
    {
        for (var attempt = 1; attempt <= 3; attempt++)
        {
            foreach (var line in Of(attempt, Resumed[attempt - 1]))
            {
                _lab.Log.Ingest(Stage, attempt, [line], _lab.Folder);
            }
        }

        _lab.Curves("ablation", Stage).Single().Values.Should().Equal(1, 2, 30, 400, 500);
    }

    [Fact]
    public void An_attempt_from_the_beginning_supersedes_all_earlier_attempts()
    {
        _lab.Tell(Stage, 1, Started(1), Loss(10, 1), Loss(20, 2), Measured("fid", 9), Measured("is", 5));
        _lab.Tell(Stage, 2, Started(2), Loss(10, 10), Measured("fid", 8));

        var stage = _lab.Queries.Experiment("ablation")!.Stages.Single(s => s.Key == Stage);
        stage.Series.Single().Values.Should().Equal(10);
        stage.Measurements.Should().ContainSingle().Which.Value.Should().Be(8);
        _lab.Rows("select superseded from attempts").Select(row => row[0]).Should().Equal(1L, 0L);
    }

    [Fact]
    public void An_attempt_that_died_without_a_result_supersedes_nothing()
    {
        _lab.Tell(Stage, 1, Started(1), Loss(10, 1), new CheckpointEvent(10));
        _lab.Tell(Stage, 2, Started(2), new ProgressEvent(0, 100, "steps"), Finished("failed", error: "no memory"));
        _lab.Tell(Stage, 3, Started(3), new ResumedEvent(10), Loss(20, 2));

        _lab.Curves("ablation", Stage).Single().Values.Should().Equal(1, 2);
    }

    [Fact]
    public void A_recomputed_step_is_valid_even_if_the_resume_claimed_to_keep_it()
    {
        _lab.Tell(Stage, 1, Started(1), Loss(10, 1), Loss(20, 2));
        _lab.Tell(Stage, 2, Started(2), new ResumedEvent(20), Loss(20, 22), Loss(30, 33));

        _lab.Curves("ablation", Stage).Single().Values.Should().Equal(1, 22, 33);
    }

    [Fact]
    public void A_resumed_attempt_keeps_measurements_it_does_not_repeat()
    {
        _lab.Tell(Stage, 1, Started(1), Loss(10, 1), Measured("fid", 9), Measured("is", 5));
        _lab.Tell(Stage, 2, Started(2), new ResumedEvent(10), Measured("fid", 8), Measured("fid", 7, reference: "other"));

        var measured = _lab.Queries.Experiment("ablation")!.Stages.Single(s => s.Key == Stage).Measurements;

        measured.Select(m => (m.Key, m.Reference, m.Value)).Should().Equal(("is@1", "ref", 5), ("fid@1", "ref", 8), ("fid@1", "other", 7));
    }

    [Fact]
    public void A_resume_does_not_rewrite_points()
    {
        _lab.Tell(Stage, 1, Resumed[0]);
        var before = _lab.Rows("select series, step, value from point");

        _lab.Tell(Stage, 2, Resumed[1]);
        _lab.Tell(Stage, 3, Resumed[2]);

        _lab.Rows("select series, step, value from point where series = 1").Should().BeEquivalentTo(
            before, options => options.WithStrictOrdering());
        _lab.Rows("select number, valid_through from attempt order by number").Should().BeEquivalentTo(
            new object?[][] { [1L, 20L], [2L, 30L], [3L, null] }, options => options.WithStrictOrdering());
    }

    [Fact]
    public void The_last_value_of_a_step_is_valid()
    {
        _lab.Tell(Stage, 1, Started(1), Loss(10, 1), Loss(20, 2), Loss(10, 3));

        _lab.Rows("select step, value, wall from metrics").Should().BeEquivalentTo(
            new object[][]
            {
                [10L, 3.0, (double)Epoch.AddDays(1).AddSeconds(3).ToUnixTimeSeconds()],
                [20L, 2.0, (double)Epoch.AddDays(1).AddSeconds(2).ToUnixTimeSeconds()],
            },
            options => options.WithStrictOrdering());
    }

    [Fact]
    public void Attempts_have_the_step_that_they_resumed_from()
    {
        _lab.Tell(Stage, 1, Resumed[0]);
        _lab.Tell(Stage, 2, Resumed[1]);

        var attempts = _lab.Queries.Experiment("ablation")!.Stages.Single(s => s.Key == Stage).Attempts;

        attempts.Select(a => (a.Number, a.ResumedFrom, a.Status)).Should().Equal((1, null, "interrupted"), (2, 20, "running"));
        attempts[0].Started.Should().Be(Epoch.AddDays(1));
    }
}
