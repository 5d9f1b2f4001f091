using System.Text.Json;
using MfRae.Lab.Cli.Tests.Fakes;

namespace MfRae.Lab.Cli.Tests.Verbs;

public sealed class ProfileVerbTests : IDisposable
{
    private readonly LabFolder _lab = new();

    public ProfileVerbTests() => Directory.Delete(_lab.At("data"), recursive: true);

    [Fact]
    public void It_needs_no_data_files()
    {
        var answer = _lab.Run("profile", "experiments/smoke.json");

        answer.Code.Should().Be(ExitCode.Ok);
        answer.Error.Should().BeEmpty();
        answer.Out.Should().ContainAll("DiT^DH 96 × 4 + 128 × 1", "96 × 4 × 4", "the paper's convention", "+ attention");
        _lab.Exists("data").Should().BeFalse();
    }

    [Fact]
    public void Rows_name_their_arms_if_arms_differ()
    {
        var lines = _lab.Run("profile", "experiments/smoke.json").Out.Split(Environment.NewLine);

        lines.Single(line => line.StartsWith("meanflow", StringComparison.Ordinal) && line.Contains("teacher: 64")).Should().EndWith("  mfd");
        lines.Single(line => line.StartsWith("cmt", StringComparison.Ordinal) && line.Contains("pairs: 64")).Should().EndWith("  all");
        lines.Single(line => line.StartsWith("decoder", StringComparison.Ordinal)).Should().NotContain("mf");
    }

    [Fact]
    public void The_json_output_is_not_rounded()
    {
        var answer = _lab.Run("profile", "experiments/smoke.json", "--json", "sampling.steps=[1,4]");

        using var json = JsonDocument.Parse(answer.Out);
        var arms = json.RootElement.GetProperty("arms");
        arms.GetArrayLength().Should().Be(2);
        var images = arms[0].GetProperty("images").EnumerateArray().Where(image => image.GetProperty("sampler").GetString() == "generator");
        images.Select(image => image.GetProperty("evaluations").GetInt32()).Should().Equal(1, 4);
        arms[0].GetProperty("components")[0].GetProperty("parameters").GetInt64().Should().BeGreaterThan(600_000);
        arms[0].GetProperty("latent").GetProperty("dimension").GetInt64().Should().Be(1536);
    }

    [Fact]
    public void Micro_batches_and_recomputation_change_the_memory()
    {
        double Total(params string[] options)
        {
            using var json = JsonDocument.Parse(_lab.Run(["profile", "experiments/smoke.json", "--json", .. options]).Out);
            var stage = json.RootElement.GetProperty("arms")[0].GetProperty("training").EnumerateArray()
                .Single(training => training.GetProperty("stage").GetString() == "meanflow");
            return stage.GetProperty("totalBytes").GetDouble();
        }

        Total("--micro-batch", "8").Should().BeLessThan(Total());
        Total("--micro-batch", "8", "--recompute").Should().BeLessThan(Total("--micro-batch", "8"));
    }

    [Fact]
    public void A_plan_for_one_card_names_the_micro_batch_and_the_days()
    {
        var text = _lab.Run("profile", "experiments/smoke.json", "--memory", "80GB").Out;
        text.Should().ContainAll("One card of 80.00 GB", "micro-batch", "recomputation", "Days in each precision", "peak of an H100");

        using var json = JsonDocument.Parse(_lab.Run("profile", "experiments/smoke.json", "--memory", "0.5GiB", "--json").Out);
        var card = json.RootElement.GetProperty("card");
        card.GetProperty("bytes").GetDouble().Should().Be(0.5 * 1024 * 1024 * 1024);
        card.GetProperty("arms")[0].GetProperty("training").EnumerateArray().Last().GetProperty("choices")[0]
            .GetProperty("microBatch").GetInt32().Should().Be(64);
    }

    [Theory]
    [InlineData("--memory", "80")]
    [InlineData("--memory", "-1GB")]
    [InlineData("--micro-batch", "0")]
    public void Sizes_that_make_no_sense_are_refused(string option, string value)
    {
        var answer = _lab.Run("profile", "experiments/smoke.json", option, value);

        answer.Code.Should().Be(ExitCode.Usage);
        answer.Error.Should().Contain($"{option} requires");
    }

    [Fact]
    public void Mistakes_in_the_file_are_reported()
    {
        var answer = _lab.Run("profile", "experiments/smoke.json", "meanflow.lamda=1");

        answer.Code.Should().Be(ExitCode.Usage);
        answer.Error.Should().Contain("did you mean `lambda`");
    }

    public void Dispose() => _lab.Dispose();
}
