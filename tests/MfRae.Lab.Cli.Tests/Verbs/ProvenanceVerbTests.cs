using System.Text.Json;
using System.Text.RegularExpressions;
using MfRae.Lab.Cli.Tests.Fakes;
using MfRae.Lab.Core.Planning;
using MfRae.Lab.Execution.Running;

namespace MfRae.Lab.Cli.Tests.Verbs;

/// <summary>The provenance of a run, from the command line to `show`.</summary>
public sealed partial class ProvenanceVerbTests : IDisposable
{
    private readonly LabFolder _lab = new();

    public ProvenanceVerbTests() => Ok("run", "experiments/smoke.json", "--checkpoint-every", "7");

    public void Dispose() => _lab.Dispose();

    [Fact]
    public void Show_prints_the_environment_and_the_command_of_each_attempt()
    {
        var shown = Ok("show", Run("mfd"));

        shown.Should().Contain("run experiments/smoke.json --checkpoint-every 7").And.Contain(MachineDescription.Processor());
        shown.Should().MatchRegex(@"(?m)^meanflow +1 +completed .* A\r?$").And.MatchRegex("teacher.safetensors: SHA-256 [0-9a-f]{64}");
    }

    [Fact]
    public void Show_prints_the_whole_provenance_as_json()
    {
        var stages = JsonDocument.Parse(Ok("show", Run("mfd"), "--json")).RootElement.GetProperty("stages").EnumerateArray()
            .ToDictionary(stage => stage.GetProperty("role").GetString()!);

        var training = stages["meanflow"];
        training.GetProperty("flops").ValueKind.Should().Be(JsonValueKind.Null, "the weights of this folder cannot be read");
        training.GetProperty("deviceSeconds").GetDouble().Should().Be(training.GetProperty("wallSeconds").GetDouble());
        var origin = training.GetProperty("provenance")[0].GetProperty("origin");
        origin.GetProperty("command").GetString().Should().Be("run experiments/smoke.json --checkpoint-every 7");
        origin.GetProperty("packages").EnumerateObject().Should().Contain(package => package.Name == "TorchSharp");
        origin.GetProperty("numerics").GetString().Should().Contain("TorchSharp");
        var weights = stages["teacher"].GetProperty("provenance")[0].GetProperty("origin").GetProperty("files");
        weights.GetProperty("data/weights/teacher.safetensors").GetString().Should().Be(FileHash.In(_lab.Path)("data/weights/teacher.safetensors"));
    }

    [Fact]
    public void The_work_of_a_training_is_estimated_before_it_runs()
    {
        _lab.Write("experiments/oracle-lambda.json", File.ReadAllText(Path.Combine(Checkout.Root, "experiments", "oracle-lambda.json")));
        Ok("run", "experiments/oracle-lambda.json", "seeds=0");

        var costs = Ok("query", "select distinct kind from costs where experiment like 'oracle-lambda%' and flops > 0", "--csv");

        costs.ReplaceLineEndings("\n").Should().Be("kind\nmeanflow\n");
    }

    [Fact]
    public void An_environment_is_removed_with_its_last_attempt()
    {
        Ok("rm", "smoke");

        Ok("query", "select count(*) from environment", "--csv").Should().Contain("0");
        Ok("db", "check");
    }

    [Fact]
    public void A_rebuilt_database_has_the_same_provenance()
    {
        const string Sql = "select * from attempts where experiment = 'smoke' order by stage, attempt";
        var before = Ok("query", Sql, "--json");
        Ok("db", "rebuild");
        Ok("query", Sql, "--json").Should().Be(before);

        // And where the store no longer tells, the old database does.
        foreach (var folder in Directory.GetDirectories(_lab.At("data/store")).Where(folder => !Path.GetFileName(folder).StartsWith('.')))
            Directory.Delete(folder, recursive: true);
        Ok("db", "rebuild");
        Ok("query", Sql, "--json").Should().Be(before);
        before.Should().Contain("--checkpoint-every 7");
    }

    [Fact]
    public void Another_command_with_the_same_results_changes_only_elements_that_depend_on_timing()
    {
        var one = File.ReadAllText(_lab.At("reports/smoke.html"));
        using var elsewhere = new LabFolder();
        elsewhere.Run("experiments/smoke.json", "--jobs", "1").Code.Should().Be(ExitCode.Ok);
        var other = File.ReadAllText(elsewhere.At("reports/smoke.html"));

        one.Should().Contain("--checkpoint-every 7");
        other.Should().NotContain("--checkpoint-every 7");
        Facts(one).Should().Be(Facts(other)).And.NotContain("--checkpoint-every").And.NotContain("--jobs");
    }

    /// <summary>The section on provenance without the elements that depend on timing.</summary>
    private static string Facts(string page)
    {
        var section = page[page.IndexOf("<h2>Provenance", StringComparison.Ordinal)..];
        return Timing().Replace(section, "");
    }

    private string Run(string arm) => JsonDocument.Parse(Ok("ls", "--arm", arm, "--json")).RootElement[0].GetProperty("run").GetString()!;

    private string Ok(params string[] args)
    {
        var answer = _lab.Run(args);
        answer.Code.Should().Be(ExitCode.Ok, answer.Error);
        return answer.Out;
    }

    [GeneratedRegex("<(\\w+)[^>]* data-timing[^>]*>.*?</\\1>", RegexOptions.Singleline)]
    private static partial Regex Timing();
}
