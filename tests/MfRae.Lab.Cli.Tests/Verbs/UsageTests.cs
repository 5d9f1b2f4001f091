using MfRae.Lab.Cli.Tests.Fakes;

namespace MfRae.Lab.Cli.Tests.Verbs;

public sealed class UsageTests : IDisposable
{
    private readonly LabFolder lab = new();

    [Fact]
    public void Help_lists_the_verbs_on_stdout_and_hides_the_worker()
    {
        var answer = lab.Run("--help");

        answer.Code.Should().Be(ExitCode.Ok);
        answer.Out
            .Should().ContainAll("run <FILE>", "plan <FILE>", "validate", "profile <FILE>", "schema", "ls", "show <ID>", "query <SQL>", "report", "--store");
        answer.Out.Should().NotContain("worker");
        answer.Error.Should().BeEmpty();
    }

    [Fact]
    public void Help_of_a_verb_explains_its_options() =>
        lab.Run("run", "--help").Out.Should().ContainAll("--only", "--fresh", "--fail-fast", "seeds=0-5");

    [Theory]
    [InlineData("rnu", "run")]
    [InlineData("run", "Required argument 'FILE' missing")]
    [InlineData("run x.json --jobs many", "--jobs")]
    [InlineData("run x.json --jobs -1", "--jobs takes a number from 0")]
    [InlineData("run x.json --device gpu", "use auto, cpu, cuda or cuda:N")]
    [InlineData("run x.json --keep-going --fail-fast", "exclude each other")]
    [InlineData("run x.json --launcher slurm", "--launcher")]
    [InlineData("query select --json --csv", "exclude each other")]
    [InlineData("query select --limit 0", "--limit takes a number from 1")]
    [InlineData("", "--help")]
    public void A_wrong_command_line_exits_2_with_the_reason_and_touches_nothing(string command, string reason)
    {
        var answer = lab.Run(command.Split(' ', StringSplitOptions.RemoveEmptyEntries));

        answer.Code.Should().Be(ExitCode.Usage);
        answer.Error.Should().Contain(reason);
        answer.Out.Should().BeEmpty();
        lab.Exists("data/lab.db").Should().BeFalse();
        lab.Exists("data/store").Should().BeFalse();
    }

    [Theory]
    [InlineData("run experiments/none.json", "experiments/none.json")]
    [InlineData("experiments/none.json", "experiments/none.json")]
    [InlineData("experiments/smoke.json meanflow.lamda=1", "did you mean `lambda`")]
    [InlineData("plan experiments/smoke.json seeds=x", "seeds")]
    [InlineData("validate experiments/none.json", "experiments/none.json")]
    public void A_wrong_experiment_exits_2_with_the_reason_and_touches_nothing(string command, string reason)
    {
        var answer = lab.Run(command.Split(' '));

        answer.Code.Should().Be(ExitCode.Usage);
        answer.Error.Should().Contain(reason).And.Contain("nothing was started");
        answer.Out.Should().BeEmpty();
        lab.Exists("data/lab.db").Should().BeFalse();
        lab.Exists("data/store").Should().BeFalse();
        lab.Exists("reports").Should().BeFalse();
    }

    [Fact]
    public void All_mistakes_of_a_file_are_told_together_each_with_line_path_and_suggestion()
    {
        lab.Write("experiments/bad.json", """
            {
              "version": 1,
              "question": "?", "expectation": "!", "primaryMetric": "fid@1",
              "extends": "base/fashion-mnist.json",
              "base": {
                "meanflow": { "lambda": 1.5, "equalFracton": 0.5 },
                "sampling": { "samples": "many" },
                "cmt": { "kind": "trajectry" }
              },
              "arms": { "only": {} },
              "baseline": "only",
              "seeds": [0]
            }
            """);

        var answer = lab.Run("experiments/bad.json");

        answer.Code.Should().Be(ExitCode.Usage);
        var lines = answer.Error.Split(Environment.NewLine);
        lines.Should().Contain(line => line.Contains("bad.json:6") && line.Contains("meanflow.lambda"))
            .And.Contain(line => line.Contains("bad.json:6") && line.Contains("equalFraction"))
            .And.Contain(line => line.Contains("bad.json:7") && line.Contains("sampling.samples"))
            .And.Contain(line => line.Contains("bad.json:8") && line.Contains("trajectory"));
        lab.Exists("data/store").Should().BeFalse();
    }

    [Fact]
    public void Validate_tells_the_size_of_what_is_right() =>
        lab.Run("validate", "experiments/smoke.json")
            .Should().Match<Answer>(answer => answer.Code == ExitCode.Ok && answer.Out.Contains("2 arms, 1 seeds"));

    [Fact]
    public void Plan_tells_stages_and_power_and_touches_nothing()
    {
        var answer = lab.Run("plan", "experiments/smoke.json");

        answer.Code.Should().Be(ExitCode.Ok, answer.Error);
        answer.Out.Should().ContainAll("meanflow mfd", "0 cached", "Power:");
        lab.Exists("data/lab.db").Should().BeFalse();
        lab.Exists("data/store").Should().BeFalse();
        lab.Run("run", "experiments/smoke.json", "--plan").Out.Should().Be(answer.Out);
    }

    [Fact]
    public void Schema_is_the_one_that_is_shipped() =>
        lab.Run("schema").Out.Should().Be(File.ReadAllText(Path.Combine(Checkout.Root, "experiments", "experiment.schema.json")));

    public void Dispose() => lab.Dispose();
}
