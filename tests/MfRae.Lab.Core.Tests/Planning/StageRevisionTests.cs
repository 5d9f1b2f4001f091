using System.Text.Json;
using MfRae.Lab.Core.Planning;
using MfRae.Lab.Core.Records;

namespace MfRae.Lab.Core.Tests.Planning;

public sealed class StageRevisionTests
{
    private static readonly ReferenceStage Reference = new("test");

    [Fact]
    public void A_key_of_an_earlier_revision_tells_which()
    {
        var earlier = StageRevision.Earlier(Record(Key(1)));

        earlier.Should().Equal(new StageRevision("reference", 1, Reference.Revision()));
    }

    [Fact]
    public void A_current_stage_and_a_stage_with_other_options_are_not_earlier()
    {
        StageRevision.Earlier(Record(Key(Reference.Revision()))).Should().BeEmpty();
        StageRevision.Earlier(Record("of a program with other options")).Should().BeEmpty();
        StageRevision.Earlier(Record(Key(1), definition: "{\"stage\": \"unknown\"}")).Should().BeEmpty();
        StageRevision.Earlier(Record(Key(1), definition: "not JSON")).Should().BeEmpty();
    }

    private static string Key(int revision) => StageKey.Of(
        Reference, "reference", revision, null, new Dictionary<string, string> { ["dataset"] = "d" }, new Dictionary<string, string>());

    private static ExperimentRecord Record(string key, string? definition = null) => new(
        "x", "x.json", "", "", "fid@1", "", [], [], [], [],
        [
            new(key, "reference", "reference", "completed", null, null,
                definition ?? JsonSerializer.Serialize<StageDefinition>(Reference, LabJson.Default.StageDefinition),
                new Dictionary<string, string> { ["dataset"] = "d" }, [], [], [], []),
        ]);
}
