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
        dry.Out.Should().MatchRegex(@"stages +\d+ +[\d.]+ k?B +4 ").And.Contain("would delete");
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

        _lab.Run("gc").Out.Should().MatchRegex(@"total +\d+ +[\d.]+ k?B +0 +0 B").And.Contain("written within the last 7d are kept");
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

    [Fact]
    public void Results_and_pages_outlive_weights()
    {
        _lab.OnStage = WriteLargeFiles;
        Run();
        var page = File.ReadAllBytes(_lab.At("reports/smoke.html"));

        _lab.Run("gc", "--kind", "weights").Out.Should().MatchRegex(@"weights +\d+ +0 B +[\d.]+ kB").And.Contain("the last 7d");
        var answer = _lab.Run("gc", "--kind", "weights", "--kind", "samples", "--older-than", "0");

        answer.Code.Should().Be(ExitCode.Ok, answer.Error);
        Files("network.safetensors").Should().BeEmpty();
        _lab.Run("report", "--check").Code.Should().Be(ExitCode.Ok);
        var verified = _lab.Run("verify", "smoke");
        verified.Code.Should().Be(ExitCode.Ok, verified.Out);
        verified.Out.Should().Contain("network.safetensors was dropped");
        _lab.Run("db", "rebuild").Code.Should().Be(ExitCode.Ok);
        _lab.Run("report").Code.Should().Be(ExitCode.Ok);
        File.ReadAllBytes(_lab.At("reports/smoke.html")).Should().Equal(page);
        Run();
        _lab.Started.Should().BeEmpty("the results are there");
        Run(Smoke, "--keep", "weights");
        Files("network.safetensors").Should().NotBeEmpty();
        _lab.Run("report", "--check").Code.Should().Be(ExitCode.Ok, "a restored file changes no record");
    }

    [Fact]
    public void A_run_drops_images_latents_and_measured_snapshots_unless_it_keeps_them()
    {
        _lab.OnStage = WriteLargeFiles;
        var answer = _lab.Run(Smoke);

        answer.Error.Should().Contain("dropped data, latents");
        Files("latents.safetensors").Should().BeEmpty();
        Files("network.safetensors").Should().NotBeEmpty();
        _lab.Run("plan", Smoke).Code.Should().Be(ExitCode.Ok);
        _lab.Run(Smoke, "--keep", "latents", "--keep", "data").Code.Should().Be(ExitCode.Ok);
        Files("latents.safetensors").Should().NotBeEmpty();
    }

    [Fact]
    public void The_space_is_shown_by_kind_and_by_experiment()
    {
        _lab.OnStage = WriteLargeFiles;
        Run(Smoke, "--keep", "all");

        var text = _lab.Run("du");
        text.Code.Should().Be(ExitCode.Ok, text.Error);
        text.Out.Should().MatchRegex(@"latents +1 +1\.0 MB +gc --kind latents").And.MatchRegex(@"smoke +\d+ +[\d.]+ MB +[\d.]+ MB");
        var json = Json(_lab.Run("du", "--json"));
        json.GetProperty("kinds").EnumerateArray().Sum(kind => kind.GetProperty("bytes").GetInt64()).Should().Be(json.GetProperty("bytes").GetInt64());
        _lab.Run("du", "smoke").Out.Should().Contain("latents").And.NotContain("database");
        _lab.Run("du", "smoky").Error.Should().Contain("did you mean `smoke`");
        _lab.Run("gc", "--kind", "wheights").Code.Should().Be(ExitCode.Usage);
    }

    private static void WriteLargeFiles(Core.Planning.StageContext context)
    {
        var (name, size) = context.Spec.Node.Kind switch
        {
            "dataset" => ("train.safetensors", 1 << 20),
            "latents" => ("latents.safetensors", 1 << 20),
            "cmt" or "meanflow" => ("network.safetensors", 2000),
            _ => ("", 0),
        };
        if (size > 0)
            File.WriteAllBytes(context.File(name), new byte[size]);
    }

    private string[] Files(string name) => Directory.GetFiles(_lab.At("data/store"), name, SearchOption.AllDirectories);

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
