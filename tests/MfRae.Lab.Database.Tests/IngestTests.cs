using MfRae.Lab.Core;
using MfRae.Lab.Core.Records;
using MfRae.Lab.Database.Tests.Support;
using static MfRae.Lab.Database.Tests.Support.Journal;

namespace MfRae.Lab.Database.Tests;

public sealed class IngestTests : IDisposable
{
    private static readonly string Stage = Plans.Training("a", 0);
    private readonly Support.Lab _lab = new();

    public IngestTests() => _lab.Begin(Plans.Of());

    public void Dispose() => _lab.Dispose();

    [Fact]
    public void Ingesting_the_same_lines_twice_changes_nothing()
    {
        var lines = Of(1, Started(1), Loss(10, 1.0), Measured("fid", 3), Loss(20, 0.5), Finished());
        _lab.Log.Ingest(Stage, 1, lines, _lab.Folder);
        var once = _lab.Rows("select * from point, attempt, measurement");

        _lab.Log.Ingest(Stage, 1, lines, _lab.Folder);
        _lab.Log.Ingest(Stage, 1, lines.Skip(2).ToList(), _lab.Folder);

        once.Should().HaveCount(2);
        _lab.Rows("select * from point, attempt, measurement").Should().BeEquivalentTo(once, options => options.WithStrictOrdering());
    }

    [Fact]
    public void A_journal_of_an_earlier_version_gets_the_identity_of_its_time()
    {
        _lab.Tell(Plans.Training("b", 1), 1, Started(1) with { Device = "cuda:1" }, Finished());
        _lab.Tell(Plans.Evaluation("b", 1), 1, Started(1), Measured("fid", 3), Finished());
        _lab.Tell(Plans.Evaluation("a", 1), 1, Started(1), Measured("fid", 3).As("cuda", "run", "k=9"), Finished());

        _lab.Rows("select arm, device, noise, setting from evaluations where role = 'evaluation' order by arm").Should().BeEquivalentTo(
            new object[][] { ["a", "cuda", "run", "k=9"], ["b", "cpu+cuda", "run", ""] }, options => options.WithStrictOrdering());
    }

    [Fact]
    public void Batches_may_overlap_and_have_their_lines_in_any_order()
    {
        var lines = Of(1, Started(1), Loss(10, 1.0), Loss(20, 0.5), Loss(30, 0.25), Finished());
        _lab.Log.Ingest(Stage, 1, [lines[2], lines[0], lines[1]], _lab.Folder);
        _lab.Log.Ingest(Stage, 1, [lines[4], lines[1], lines[3], lines[3], lines[2]], _lab.Folder);

        var curve = _lab.Curves("ablation", Stage).Single();
        curve.Steps.Should().Equal(10, 20, 30);
        curve.Values.Should().Equal(1.0, 0.5, 0.25);
        _lab.Scalar("select status from attempt").Should().Be("completed");
    }

    [Fact]
    public void A_missing_line_is_an_error_and_leaves_nothing_behind()
    {
        var lines = Of(1, Started(1), Loss(10, 1.0), Loss(20, 0.5));

        var act = () => _lab.Log.Ingest(Stage, 1, [lines[0], lines[2]], _lab.Folder);

        act.Should().Throw<LabException>().WithMessage("*from line 1 to line 3*");
        _lab.Rows("select * from attempt").Should().BeEmpty();
    }

    [Fact]
    public void Ingesting_a_stage_without_a_plan_is_a_bug()
    {
        var act = () => _lab.Tell("elsewhere", 1, Started(1));

        act.Should().Throw<InvalidOperationException>().WithMessage("*elsewhere*");
    }

    [Fact]
    public void A_value_that_is_not_finite_becomes_null()
    {
        _lab.Tell(Stage, 1, Started(1), Loss(10, double.NaN), Loss(20, double.PositiveInfinity), Loss(30, null), Loss(40, 1), Measured(
            "fid", double.NaN));

        _lab.Curves("ablation", Stage).Single().Values.Should().Equal(null, null, null, 1);
        _lab.Rows("select typeof(value) from measurement").Single().Should().Equal("null");
    }

    [Fact]
    public void The_image_of_the_latest_attempt_is_copied_from_the_folder()
    {
        byte[] png = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 1];
        File.WriteAllBytes(Path.Combine(_lab.Folder, "s.png"), png);
        _lab.Tell(Stage, 1, Started(1), new ImageEvent("samples@1", "s.png", "first"));
        File.WriteAllBytes(Path.Combine(_lab.Folder, "s.png"), [.. png, 2]);
        _lab.Tell(Stage, 2, Started(2), new ImageEvent("samples@1", "s.png", "second"));

        var image = _lab.Queries.Experiment("ablation")!.Stages.Single(s => s.Key == Stage).Images.Single();

        image.Caption.Should().Be("second");
        image.Png.Should().Equal([.. png, 2]);
    }

    [Theory]
    [InlineData("../lab.db")]
    [InlineData("a\\b.png")]
    [InlineData("..")]
    [InlineData("s.png\n")]
    [InlineData("")]
    public void An_image_name_cannot_lead_out_of_the_folder(string file)
    {
        var act = () => _lab.Tell(Stage, 1, Started(1), new ImageEvent("samples@1", file, ""));

        act.Should().Throw<LabException>().WithMessage("*may have letters, digits*");
    }

    [Fact]
    public void A_file_that_is_not_a_PNG_is_refused()
    {
        File.WriteAllText(Path.Combine(_lab.Folder, "s.png"), "<script>");

        var act = () => _lab.Tell(Stage, 1, Started(1), new ImageEvent("samples@1", "s.png", ""));

        act.Should().Throw<LabException>().WithMessage("*not a PNG image*");
    }

    [Fact]
    public void A_killed_attempt_lasted_as_long_as_its_journal()
    {
        _lab.Tell(Stage, 1, Started(1), Loss(10, 1), Loss(20, 1), Loss(30, 1));

        _lab.Scalar("select wall_seconds from attempt").Should().Be(3.0);
    }

    [Fact]
    public void An_emptied_store_counts_attempts_from_1_and_no_row_is_lost()
    {
        _lab.Tell(Stage, 1, Started(1), Loss(10, 1), Finished());
        var again = Of(Epoch.AddDays(30), Started(1), Loss(10, 2), Finished());

        _lab.Log.Ingest(Stage, 1, again.Take(2).ToList(), _lab.Folder);
        _lab.Log.Ingest(Stage, 1, again.Skip(2).ToList(), _lab.Folder);

        _lab.Curves("ablation", Stage).Single().Values.Should().Equal(2);
        _lab.Rows("select attempt, status, superseded from attempts")
            .Should().BeEquivalentTo(new object[][] { [1L, "completed", 1L], [2L, "completed", 0L] });
    }
}
