using System.Text.Json.Nodes;
using MfRae.Lab.Core;
using MfRae.Lab.Core.Planning;
using MfRae.Lab.Core.Records;
using MfRae.Lab.Execution.Store;
using MfRae.Lab.Execution.Tests.Support;
using MfRae.Lab.TestWorker;

namespace MfRae.Lab.Execution.Tests.Store;

public sealed class StoreRecordsTests : IDisposable
{
    private static readonly DateTimeOffset Noon = new(2026, 1, 1, 12, 0, 0, TimeSpan.Zero);
    private readonly TestLab _lab = new();

    private StoreRecords Records => new(_lab.Store);

    public void Dispose() => _lab.Dispose();

    [Fact]
    public void A_plan_is_read_as_it_was_written()
    {
        var plan = TestPlan.Chain("steps=1", "");

        Records.Begin(plan, Noon);

        Records.Plans().Should().ContainSingle().Which.Should().BeEquivalentTo(PlanRecord.Of(plan, Noon) with { FirstBegun = Noon });
    }

    [Fact]
    public void Plans_are_ordered_by_their_last_start()
    {
        var one = TestPlan.Chain("");
        var other = one with { Hash = TestPlan.KeyOf("other") };
        Records.Begin(one, Noon);
        Records.Begin(other, Noon.AddHours(1));
        Records.Begin(one, Noon.AddHours(2));

        Records.Plans().Select(plan => plan.Hash).Should().Equal(other.Hash, one.Hash);
        Records.Plans().Select(plan => plan.FirstBegun).Should().Equal(Noon.AddHours(1), Noon);
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
    public void A_damaged_record_is_reported_with_its_path()
    {
        Records.Begin(TestPlan.Chain(""), Noon);
        var file = Directory.GetFiles(Path.Combine(_lab.Store.Root, ".plans")).Single();
        File.WriteAllText(file, "{");

        FluentActions.Invoking(() => Records.Plans()).Should().Throw<LabException>().WithMessage($"*{file}*");
    }

    [Fact]
    public void Annotations_are_read_as_they_were_written()
    {
        var marks = new Annotations(1, [new("run", "abc", "good")], [new("experiment", "x", "<img src=x onerror=alert(1)>")], ["old"]);

        Records.ReadMarks().Should().BeNull();
        Records.WriteMarks(marks);

        Records.ReadMarks().Should().BeEquivalentTo(marks);
    }

    [Fact]
    public void Unknown_fields_of_a_plan_survive_a_run()
    {
        var plan = TestPlan.Chain("steps=1", "");
        Records.Begin(plan, Noon);
        var file = Directory.GetFiles(Path.Combine(_lab.Store.Root, ".plans")).Single();
        Edit(file, json =>
        {
            json["power"] = 0.8;
            json["stages"]![1]!["priority"] = 7;
        });

        Records.Begin(plan, Noon.AddHours(1));

        Records.Plans().Should().ContainSingle().Which.Begun.Should().Be(Noon.AddHours(1));
        var json = JsonNode.Parse(File.ReadAllText(file))!;
        json["power"]!.GetValue<double>().Should().Be(0.8);
        json["stages"]![1]!["priority"]!.GetValue<int>().Should().Be(7);
    }

    [Fact]
    public void A_record_of_a_newer_format_is_refused_and_not_overwritten()
    {
        var plan = TestPlan.Chain("");
        Records.Begin(plan, Noon);
        Records.WriteMarks(new(1, [], [], []));
        var folder = Path.Combine(_lab.Store.Root, ".plans");
        var before = Directory.GetFiles(folder).Order().Select(file =>
        {
            Edit(file, json => json["format"] = 2);
            return File.ReadAllText(file);
        }).ToList();

        foreach (var act in new Action[]
        {
            () => Records.Plans(), () => Records.Begin(plan, Noon), () => Records.ReadMarks(), () => Records.WriteMarks(new(1, [], [], [])),
        })
        {
            act.Should().Throw<LabException>().WithMessage($"{folder}*format 2*update the program*");
        }

        Directory.GetFiles(folder).Order().Select(File.ReadAllText).Should().Equal(before);
    }

    [Fact]
    public void Annotations_with_fields_of_a_newer_version_are_read_and_not_overwritten()
    {
        var marks = new Annotations(1, [new("run", "abc", "good")], [], ["old"]);
        Records.WriteMarks(marks);
        var file = Path.Combine(_lab.Store.Root, ".plans", "marks.json");
        Edit(file, json => json["tags"]![0]!["author"] = "me");
        var before = File.ReadAllText(file);

        Records.ReadMarks().Should().BeEquivalentTo(marks);
        FluentActions.Invoking(() => Records.WriteMarks(marks)).Should().Throw<LabException>().WithMessage($"{file}*update the program*");

        File.ReadAllText(file).Should().Be(before);
    }

    private static void Edit(string file, Action<JsonNode> change)
    {
        var json = JsonNode.Parse(File.ReadAllText(file))!;
        change(json);
        File.WriteAllText(file, json.ToJsonString());
    }
}
