using MfRae.Lab.Core.Experiments;
using MfRae.Lab.Core.Tests.Execution;
using MfRae.Lab.Core.Tracking;
using MfRae.Lab.Core.Upkeep;
using MfRae.Lab.TestWorker;

namespace MfRae.Lab.Core.Tests.Upkeep;

public sealed class StoreRecordsTests : IDisposable
{
    private static readonly DateTimeOffset Noon = new(2026, 1, 1, 12, 0, 0, TimeSpan.Zero);
    private readonly Execution.Lab lab = new();

    private StoreRecords Records => new(lab.Store);

    public void Dispose() => lab.Dispose();

    [Fact]
    public void A_plan_is_read_as_it_was_written()
    {
        var plan = TestPlan.Chain("steps=1", "");

        Records.Begin(plan, Noon);

        Records.Plans().Should().ContainSingle().Which.Should().BeEquivalentTo(PlanRecord.Of(plan, Noon));
    }

    [Fact]
    public void Plans_come_in_the_order_in_which_they_were_begun_last()
    {
        var one = TestPlan.Chain("");
        var other = one with { Hash = TestPlan.KeyOf("other") };
        Records.Begin(one, Noon);
        Records.Begin(other, Noon.AddHours(1));
        Records.Begin(one, Noon.AddHours(2));

        Records.Plans().Select(plan => plan.Hash).Should().Equal(other.Hash, one.Hash);
    }

    [Theory]
    [InlineData("../x")]
    [InlineData("..\\x")]
    [InlineData("/etc/passwd")]
    public void A_name_never_becomes_a_path(string name)
    {
        var plan = TestPlan.Chain("");

        FluentActions.Invoking(() => Records.Begin(plan with { Experiment = plan.Experiment with { Name = name } }, Noon))
            .Should().Throw<LabException>();
    }

    [Fact]
    public void A_record_that_is_damaged_is_named()
    {
        Records.Begin(TestPlan.Chain(""), Noon);
        var file = Directory.GetFiles(Path.Combine(lab.Store.Root, ".plans")).Single();
        File.WriteAllText(file, "{");

        FluentActions.Invoking(() => Records.Plans()).Should().Throw<LabException>().WithMessage($"*{file}*");
    }

    [Fact]
    public void Marks_are_read_as_they_were_written()
    {
        var marks = new Marks(1, [new("run", "abc", "good")], [new("experiment", "x", "<img src=x onerror=alert(1)>")], ["old"]);

        Records.ReadMarks().Should().BeNull();
        Records.WriteMarks(marks);

        Records.ReadMarks().Should().BeEquivalentTo(marks);
    }
}
