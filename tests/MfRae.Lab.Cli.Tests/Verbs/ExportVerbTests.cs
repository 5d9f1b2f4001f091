using System.Text.Json;
using MfRae.Lab.Cli.Tests.Fakes;

namespace MfRae.Lab.Cli.Tests.Verbs;

public sealed class ExportVerbTests : IDisposable
{
    private const string Smoke = "experiments/smoke.json";
    private readonly LabFolder _lab = new();

    public void Dispose() => _lab.Dispose();

    [Fact]
    public void Export_lists_the_written_files_and_replaces_only_an_export()
    {
        _lab.Run(Smoke).Code.Should().Be(ExitCode.Ok);

        var answer = _lab.Run("export", Smoke, "--to", "out", "--format", "csv", "tensorboard", "--format", "parquet", "--json");

        answer.Code.Should().Be(ExitCode.Ok, answer.Error);
        using var json = JsonDocument.Parse(answer.Out);
        var files = json.RootElement.GetProperty("files").EnumerateArray().ToList();
        files.Select(file => file.GetProperty("name").GetString()).Should().Contain(["runs.csv", "metrics.parquet", "tensorboard/runs.csv"]);
        files.Should().OnlyContain(file => new FileInfo(_lab.At("out/" + file.GetProperty("name").GetString())).Length
            == file.GetProperty("bytes").GetInt64());
        File.ReadAllLines(_lab.At("out/runs.csv")).Should().HaveCount(3);
        _lab.Run("export", "smoke", "--to", "out").Error.Should().Contain("--force");
        _lab.Run("export", "smoke", "--to", "out", "--force").Out.Should().Contain("metrics.csv").And.NotContain("parquet");
        _lab.Exists("out/metrics.parquet").Should().BeFalse();
        _lab.Run("export", "smoke", "--to", "experiments", "--force").Code.Should().Be(ExitCode.Environment);
        _lab.Exists(Smoke).Should().BeTrue();
    }

    [Theory]
    [InlineData("--format", "xml")]
    [InlineData("--format", "csv", "capsule")]
    public void An_invalid_format_is_a_usage_error(params string[] format)
    {
        var answer = _lab.Run(["export", "smoke", "--to", "out", .. format]);

        answer.Code.Should().Be(ExitCode.Usage);
        _lab.Exists("out").Should().BeFalse();
    }

    [Fact]
    public void A_missing_experiment_is_named()
    {
        _lab.Run(Smoke).Code.Should().Be(ExitCode.Ok);

        var answer = _lab.Run("export", "../\u202esmoke", "--to", "out");

        answer.Code.Should().Be(ExitCode.Environment);
        answer.Error.Should().Contain("no experiment `../\\u202esmoke`");
        _lab.Exists("out").Should().BeFalse();
    }
}
