using System.Text.Json;
using MfRae.Lab.Cli.Tests.Fakes;

namespace MfRae.Lab.Cli.Tests.Verbs;

public sealed class GcVerbTests : IDisposable
{
    private const string Smoke = "experiments/smoke.json";
    private readonly LabFolder _lab = new();

    public void Dispose() => _lab.Dispose();

    [Fact]
    public void Stages_that_a_changed_experiment_no_longer_needs_are_listed_and_then_deleted()
    {
        Run();
        var needed = Folders();
        _lab.Write(Smoke, File.ReadAllText(_lab.At(Smoke)).Replace("\"lambda\": 1", "\"lambda\": 0.5", StringComparison.Ordinal));
        Run();
        var all = Folders();

        var dry = _lab.Run("gc", "--dry-run", "--older-than", "0");
        dry.Code.Should().Be(ExitCode.Ok, dry.Error);
        dry.Out.Should().MatchRegex(@"stages +\d+ +\d+ +4 ").And.Contain("would delete");
        Folders().Should().BeEquivalentTo(all);

        var swept = Json(_lab.Run("gc", "--older-than", "0", "--json"));
        swept.GetProperty("deleted").GetArrayLength().Should().Be(4);
        all.Except(Folders()).Should().BeEquivalentTo(
            swept.GetProperty("deleted").EnumerateArray().Select(item => item.GetProperty("name").GetString()));
        needed.Intersect(Folders()).Should().HaveCount(needed.Count - 4);

        _lab.Run(Smoke).Code.Should().Be(ExitCode.Ok);
        _lab.Started.Should().BeEmpty("nothing that the current plan needs was deleted");
    }

    [Fact]
    public void Recent_stages_are_kept_by_default()
    {
        Run();
        File.Delete(_lab.At("data/lab.db"));
        _lab.Write("experiments/other.json", File.ReadAllText(_lab.At(Smoke)));
        Run("experiments/other.json");

        _lab.Run("gc").Out.Should().MatchRegex(@"total +\d+ +\d+ +0 +0");
    }

    [Fact]
    public void An_experiment_that_only_the_store_remembers_is_not_garbage()
    {
        Run();
        var all = Folders();
        foreach (var file in Directory.GetFiles(_lab.At("data"), "lab.db*"))
            File.Delete(file);
        Directory.Delete(_lab.At("reports"), recursive: true);
        _lab.Write("experiments/tiny.json", File.ReadAllText(_lab.At(Smoke)));
        Run("experiments/tiny.json", "--only", "mft");

        _lab.Run("gc", "--older-than", "0").Code.Should().Be(ExitCode.Ok);

        Folders().Should().Contain(all);
    }

    [Fact]
    public void Stages_that_a_published_report_cites_are_kept()
    {
        Run();
        var all = Folders();
        Directory.CreateDirectory(_lab.At("reports/published"));
        File.Move(_lab.At("reports/smoke.html"), _lab.At("reports/published/smoke.html"));
        _lab.Write(Smoke, File.ReadAllText(_lab.At(Smoke)).Replace("\"lambda\": 1", "\"lambda\": 0.5", StringComparison.Ordinal));
        Run();

        _lab.Run("gc", "--older-than", "0").Code.Should().Be(ExitCode.Ok);

        Folders().Should().Contain(all);
    }

    [Fact]
    public void Without_a_database_nothing_is_deleted()
    {
        Run();
        var all = Folders();

        var answer = _lab.Run("gc", "--older-than", "0", "--db", "elsewhere.db");

        answer.Code.Should().Be(ExitCode.Environment);
        Folders().Should().BeEquivalentTo(all);
    }

    [Fact]
    public void Pins_take_the_first_digits_of_a_key_and_an_unknown_key_is_an_error()
    {
        Run();
        var key = Folders()[0];

        _lab.Run("gc", "--pin", key[..12]).Out.Trim().Should().Be($"pinned {key}");
        _lab.Run("gc", "--unpin", key[..12]).Out.Trim().Should().Be($"unpinned {key}");
        _lab.Run("gc", "--unpin", key[..12]).Code.Should().Be(ExitCode.Environment);
        _lab.Run("gc", "--pin", "../x").Error.Should().Contain("no stage of the store starts with");
    }

    [Theory]
    [InlineData("0s")]
    [InlineData("90s")]
    [InlineData("0m")]
    public void Ages_may_be_given_in_seconds(string age)
    {
        Run();

        _lab.Run("gc", "--dry-run", "--older-than", age).Code.Should().Be(ExitCode.Ok);
    }

    [Theory]
    [InlineData("7")]
    [InlineData("-1d")]
    [InlineData("d")]
    [InlineData("1000000d")]
    [InlineData("1w")]
    public void An_invalid_age_is_a_usage_error(string age) =>
        _lab.Run("gc", "--older-than", age).Code.Should().Be(ExitCode.Usage);

    private void Run(params string[] args)
    {
        var answer = _lab.Run(args.Length == 0 ? [Smoke] : args);
        answer.Code.Should().Be(ExitCode.Ok, answer.Error);
    }

    private List<string> Folders() => [.. Directory.GetDirectories(_lab.At("data/store")).Select(Path.GetFileName).OfType<string>()
        .Where(name => name.Length == 64)];

    private static JsonElement Json(Answer answer)
    {
        answer.Code.Should().Be(ExitCode.Ok, answer.Error);
        return JsonDocument.Parse(answer.Out).RootElement;
    }
}
