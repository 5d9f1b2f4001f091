using System.Text.RegularExpressions;
using MfRae.Lab.Cli.Tests.Fakes;

namespace MfRae.Lab.Cli.Tests.Verbs;

public sealed class UsageTests : IDisposable
{
    private readonly LabFolder _lab = new();

    [Fact]
    public void Help_lists_the_verbs_on_stdout_and_hides_the_worker()
    {
        var answer = _lab.Run("--help");

        answer.Code.Should().Be(ExitCode.Ok);
        answer.Out
            .Should().ContainAll("run <FILE>", "plan <FILE>", "validate", "profile <FILE>", "schema", "ls", "show <ID>", "query <SQL>", "report", "--store");
        answer.Out.Should().NotContain("worker");
        answer.Error.Should().BeEmpty();
    }

    [Fact]
    public void Without_arguments_the_program_prints_its_purpose_first_steps_and_verbs()
    {
        var answer = _lab.Run();

        answer.Code.Should().Be(ExitCode.Ok);
        answer.Out.Should().ContainAll(
            "laboratory", "dotnet run -- experiments/smoke.json", "dotnet run -- experiments/ablation-lambda.json", "serve", "evaluate ", "--help");
        answer.Out.Should().NotContain("worker");
        answer.Error.Should().BeEmpty();
        Directory.EnumerateFileSystemEntries(_lab.At("data")).Should().HaveCount(2, "nothing is written");
    }

    [Fact]
    public void The_first_steps_name_shipped_files()
    {
        var files = _lab.Run().Out.Split(' ', '\n').Where(word => word.EndsWith(".json", StringComparison.Ordinal)).ToList();

        files.Should().HaveCountGreaterThan(1).And.OnlyContain(file => File.Exists(Path.Combine(Checkout.Root, file)));
    }

    [Fact]
    public void The_help_of_each_verb_ends_with_an_example_that_the_command_line_accepts()
    {
        var verbs = Verbs(_lab.Run("--help").Out).SelectMany(verb => verb is "weights" or "db"
            ? Verbs(_lab.Run(verb, "--help").Out).Select(inner => $"{verb} {inner}").Append(verb)
            : [verb]).ToList();

        verbs.Should().Contain("weights convert").And.HaveCountGreaterThan(25);
        foreach (var verb in verbs)
        {
            var help = _lab.Run([.. verb.Split(' '), "--help"]).Out.TrimEnd().Split('\n');
            var example = help[^1].Trim();
            help[^2].Trim().Should().Be("Example:", $"the help of {verb} ends with one");
            example.Should().StartWith($"dotnet run -- {verb}");
            var words = Regex.Matches(example["dotnet run -- ".Length..], "\"[^\"]*\"|[^ ]+").Select(word => word.Value.Trim('"')).TakeWhile(word => word != ">");
            using var signals = new StopSignals();
            var command = CommandLine.Create(new LabContext(
                new Terminal(TextWriter.Null, TextWriter.Null, null), _lab.Path, null!, () => Stream.Null, signals, TimeProvider.System));
            command.Parse([.. words]).Errors.Should().BeEmpty(example);
        }
    }

    private static IEnumerable<string> Verbs(string help) => help.Split('\n').SkipWhile(line => !line.StartsWith("Commands:", StringComparison.Ordinal)).Skip(1)
        .TakeWhile(line => line.Trim().Length > 0)
        .Where(line => line.StartsWith("  ", StringComparison.Ordinal) && line[2] is >= 'a' and <= 'z').Select(line => line.Trim().Split(' ')[0]);

    [Fact]
    public void Help_of_a_verb_explains_its_options() =>
        _lab.Run("run", "--help").Out.Should().ContainAll("--only", "--fresh", "--fail-fast", "seeds=0-5");

    [Theory]
    [InlineData("rnu", "run")]
    [InlineData("run", "Required argument 'FILE' missing")]
    [InlineData("run x.json --jobs many", "--jobs")]
    [InlineData("run x.json --micro-batch 0", "--micro-batch requires an integer of at least 1, or auto")]
    [InlineData("run x.json --micro-batch half", "--micro-batch requires an integer of at least 1, or auto")]
    [InlineData("run x.json --jobs -1", "--jobs requires an integer of at least 0")]
    [InlineData("run x.json --device gpu", "use auto, cpu, cuda or cuda:N")]
    [InlineData("run x.json --keep-going --fail-fast", "exclude each other")]
    [InlineData("run x.json --launcher pbs", "slurm")]
    [InlineData("query select --json --csv", "exclude each other")]
    [InlineData("query select --limit 0", "--limit requires an integer of at least 1")]
    [InlineData("run x.json --jbos 2", "run has no option --jbos; did you mean --jobs?")]
    [InlineData("run x.json --seeds 0", "run has no option --seeds; write seeds=0")]
    [InlineData("run x.json --seeds=0-5", "run has no option --seeds; write seeds=0-5")]
    [InlineData("run x.json --seed 3", "run has no option --seed; write seeds=3")]
    [InlineData("x.json --meanflow.lambda 0.5", "run has no option --meanflow.lambda; write meanflow.lambda=0.5")]
    [InlineData("validate x.json --seeds 1", "validate has no option --seeds; write seeds=1")]
    [InlineData("validate seeds=1", "Required argument 'FILE' missing")]
    [InlineData("ls --jsn", "ls has no option --jsn; did you mean --json?")]
    [InlineData("query --jsno", "query has no option --jsno; did you mean --json?")]
    [InlineData("note smoke --remove", "note has no option --remove")]
    [InlineData("tag smoke --stroe x", "tag has no option --stroe; did you mean --store?")]
    [InlineData("gc --dryrun", "--dry-run")]
    [InlineData("show 3f --jso", "--json")]
    [InlineData("db chek", "check")]
    public void A_wrong_command_line_exits_2_with_the_reason_and_changes_nothing(string command, string reason)
    {
        var answer = _lab.Run(command.Split(' ', StringSplitOptions.RemoveEmptyEntries));

        answer.Code.Should().Be(ExitCode.Usage);
        answer.Error.Should().Contain(reason);
        answer.Out.Should().BeEmpty();
        _lab.Exists("data/lab.db").Should().BeFalse();
        _lab.Exists("data/store").Should().BeFalse();
    }

    [Theory]
    [InlineData("run experiments/none.json", "experiments/none.json")]
    [InlineData("experiments/none.json", "experiments/none.json")]
    [InlineData("experiments/smoke.json meanflow.lamda=1", "did you mean `lambda`")]
    [InlineData("plan experiments/smoke.json seeds=x", "seeds")]
    [InlineData("validate experiments/none.json", "experiments/none.json")]
    public void A_wrong_experiment_exits_2_with_the_reason_and_changes_nothing(string command, string reason)
    {
        var answer = _lab.Run(command.Split(' '));

        answer.Code.Should().Be(ExitCode.Usage);
        answer.Error.Should().Contain(reason).And.Contain("nothing was started");
        answer.Out.Should().BeEmpty();
        _lab.Exists("data/lab.db").Should().BeFalse();
        _lab.Exists("data/store").Should().BeFalse();
        _lab.Exists("reports").Should().BeFalse();
    }

    [Fact]
    public void All_mistakes_in_a_file_are_reported_with_line_path_and_suggestion()
    {
        _lab.Write("experiments/bad.json", """
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

        var answer = _lab.Run("experiments/bad.json");

        answer.Code.Should().Be(ExitCode.Usage);
        var lines = answer.Error.Split(Environment.NewLine);
        lines.Should().Contain(line => line.Contains("bad.json:6") && line.Contains("meanflow.lambda"))
            .And.Contain(line => line.Contains("bad.json:6") && line.Contains("equalFraction"))
            .And.Contain(line => line.Contains("bad.json:7") && line.Contains("sampling.samples"))
            .And.Contain(line => line.Contains("bad.json:8") && line.Contains("trajectory"));
        _lab.Exists("data/store").Should().BeFalse();
    }

    [Fact]
    public void Warnings_are_reported_and_do_not_stop_a_run()
    {
        _lab.Write("experiments/short.json", """
            {
              "version": 1,
              "question": "?", "expectation": "!", "primaryMetric": "fid@1",
              "extends": "base/fashion-mnist.json",
              "base": { "meanflow": { "training": { "steps": 30, "ema": 0.999, "warmupSteps": 60 } } },
              "arms": { "only": {} },
              "baseline": "only",
              "seeds": [0]
            }
            """);

        foreach (var verb in new[] { "validate", "plan" })
        {
            var answer = _lab.Run(verb, "experiments/short.json");

            answer.Code.Should().Be(ExitCode.Ok, verb);
            answer.Out.Should().NotContain("warning");
            answer.Error.Split(Environment.NewLine)
                .Should().Contain(line => line.StartsWith("warning: ") && line.Contains("short.json:5") && line.Contains("97 % of the average"), verb)
                .And.Contain(line => line.StartsWith("warning: ") && line.Contains("short.json:5") && line.Contains("`warmupSteps` is 60, but there are 30"), verb);
        }
    }

    [Fact]
    public void A_missing_dictionary_in_a_weights_file_is_reported_before_a_run()
    {
        var nested = Path.Combine(Checkout.Root, "tests", "Golden", "cases", "pt-namespace.pt").Replace('\\', '/');
        _lab.Write("experiments/nested.json", $$"""
            {
              "version": 1,
              "question": "?", "expectation": "!", "primaryMetric": "fid@1",
              "extends": "base/fashion-mnist.json",
              "base": { "teacher": { "kind": "pretrained", "weights": "{{nested}}::ema" } },
              "arms": { "only": {} },
              "baseline": "only",
              "seeds": [0]
            }
            """);

        foreach (var verb in new[] { "validate", "plan" })
        {
            var answer = _lab.Run(verb, "experiments/nested.json");

            answer.Code.Should().Be(ExitCode.Usage, verb);
            answer.Error.Should().ContainAll("nested.json", "teacher.weights", "no dictionary 'ema'", "model");
        }
    }

    [Fact]
    public void Validate_prints_the_size_of_a_valid_experiment() =>
        _lab.Run("validate", "experiments/smoke.json")
            .Should().Match<Answer>(answer => answer.Code == ExitCode.Ok && answer.Out.Contains("valid, 2 arms, 1 seed"));

    [Fact]
    public void Validate_takes_overrides_for_all_of_its_files()
    {
        _lab.Run("validate", "experiments/smoke.json", "seeds=0-5").Out.Should().Contain("2 arms, 6 seeds");

        var wrong = _lab.Run("validate", "experiments/smoke.json", "meanflow.lamda=1");
        wrong.Code.Should().Be(ExitCode.Usage);
        wrong.Error.Should().Contain("command line: meanflow.lamda").And.NotContain("file not found");
    }

    [Fact]
    public void A_file_whose_name_has_an_equals_sign_is_a_file()
    {
        File.Copy(_lab.At("experiments/smoke.json"), _lab.At("a=b.json"));

        var answer = _lab.Run("validate", "a=b.json");

        answer.Error.Should().Contain("`a=b` is not a valid experiment name").And.NotContain("override");
    }

    [Fact]
    public void Missing_files_exit_4_and_are_listed_once_with_advice()
    {
        _lab.Write("experiments/other.json", File.ReadAllText(_lab.At("experiments/smoke.json")).Replace(
            "\"mfd\": {", "\"mfd\": { \"teacher\": { \"weights\": \"data/weights/teacher.safetensors\" },", StringComparison.Ordinal));
        File.Delete(_lab.At("data/weights/teacher.safetensors"));

        foreach (var command in new[] { new[] { "validate", "experiments/smoke.json", "experiments/other.json" }, ["plan", "experiments/smoke.json"], ["experiments/smoke.json"] })
        {
            var answer = _lab.Run(command);

            answer.Code.Should().Be(ExitCode.Environment, answer.Error);
            var line = answer.Error.Split('\n').Should().ContainSingle(line => line.Contains("data/weights/teacher.safetensors")).Subject;
            line.Should().Contain("git checkout -- data/weights");
            answer.Error.Should().Contain("1 missing file; nothing was started");
            _lab.Exists("data/store").Should().BeFalse();
        }

        _lab.Run("validate", "experiments/smoke.json", "experiments/other.json").Error.Should().Contain("also named by experiments/other.json:");
    }

    [Fact]
    public void A_mistake_together_with_a_missing_file_exits_2()
    {
        File.Delete(_lab.At("data/weights/teacher.safetensors"));

        var answer = _lab.Run("validate", "experiments/smoke.json", "meanflow.lambda=2");

        answer.Code.Should().Be(ExitCode.Usage);
        answer.Error.Should().Contain("1 mistake and 1 missing file; nothing was started");
    }

    [Fact]
    public void A_mistake_in_a_file_that_two_experiments_extend_is_reported_once()
    {
        _lab.Write("experiments/base/broken.json", """{ "extends": "fashion-mnist.json", "base": { "meanflow": { "lambda": 2 } } }""");
        foreach (var name in new[] { "one", "two" })
            _lab.Write($"experiments/{name}.json", """{ "extends": "base/broken.json" }""");

        _lab.Run("validate", "experiments/one.json", "experiments/two.json").Error.Split('\n')
            .Should().ContainSingle(line => line.Contains("2 is out of range"));
    }

    [Fact]
    public void Plan_prints_stages_and_power_and_changes_nothing()
    {
        var answer = _lab.Run("plan", "experiments/smoke.json");

        answer.Code.Should().Be(ExitCode.Ok, answer.Error);
        answer.Out.Should().ContainAll("meanflow mfd", "0 cached", "no difference can be significant");
        _lab.Exists("data/lab.db").Should().BeFalse();
        _lab.Exists("data/store").Should().BeFalse();
        _lab.Run("run", "experiments/smoke.json", "--plan").Out.Should().Be(answer.Out);
    }

    [Fact]
    public void Schema_prints_the_shipped_schema() =>
        _lab.Run("schema").Out.Should().Be(File.ReadAllText(Path.Combine(Checkout.Root, "experiments", "experiment.schema.json")));

    [Fact]
    public void Options_without_a_path_are_a_table_and_with_a_path_an_explanation()
    {
        _lab.Run("options").Out.Should().MatchRegex(@"meanflow\.lambda +a number from 0 to 1 +required +meanflow: lambda");
        _lab.Run("options", "evaluation.bootstrapDraws").Out.Should().Be(
            $"""
            evaluation.bootstrapDraws
              a whole number from 0 to 100000; default 1000
              Number of resamples for the 95 % interval of each value over its samples (docs/method.md §7); 0: no intervals.

            """);
        _lab.Run("options", "--markdown").Out.Should().Be(File.ReadAllText(Path.Combine(Checkout.Root, "docs", "options.md")));
    }

    [Fact]
    public void An_unknown_option_is_a_mistake_with_the_nearest_path()
    {
        var answer = _lab.Run("options", "meanflow.lamda");

        answer.Code.Should().Be(ExitCode.Usage);
        answer.Error.Should().Contain("no path of an option contains `meanflow.lamda`: did you mean `meanflow.lambda`?");
    }

    public void Dispose() => _lab.Dispose();
}
