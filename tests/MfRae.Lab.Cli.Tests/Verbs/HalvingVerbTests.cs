using System.Text.RegularExpressions;
using MfRae.Lab.Cli.Tests.Fakes;
using MfRae.Lab.Core;

namespace MfRae.Lab.Cli.Tests.Verbs;

/// <summary>A simulated sweep: the FID of an arm is a parabola of λ with noise of the seed, and the best arm is λ = 0.6.</summary>
public sealed partial class HalvingVerbTests : IDisposable
{
    private const string Sweep = """
        {
          "version": 1, "question": "Which λ?", "expectation": "0.6", "extends": "smoke.json", "smallestRelevantEffect": 0.03,
          "arms": null, "axes": { "meanflow.lambda": [0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8] }, "baseline": { "meanflow.lambda": 0 },
          "pilotSeeds": "100-102", "seeds": "0-5", "halving": { "rungs": [1, 3], "keep": 0.5 }
        }
        """;

    private static readonly string[] Kept = ["lambda=0", "lambda=0.6", "lambda=0.7"];
    private readonly LabFolder _lab = new() { Fid = Simulated };

    public HalvingVerbTests() => _lab.Write("experiments/sweep.json", Sweep);

    public void Dispose() => _lab.Dispose();

    [Fact]
    public void The_right_arms_are_kept_and_stopped_arms_cost_no_confirming_run()
    {
        var answer = _lab.Run("experiments/sweep.json");

        var trained = _lab.Started.Count(label => label.StartsWith("meanflow ", StringComparison.Ordinal));
        answer.Code.Should().Be(ExitCode.Ok, answer.Error);
        Confirmed().Should().BeEquivalentTo(Kept);
        answer.Error.Should().Contain("halving, rung 1: lambda=0, lambda=0.5, lambda=0.6, lambda=0.7, lambda=0.8 continue")
            .And.Contain("halving, rung 2: lambda=0, lambda=0.6, lambda=0.7 continue");
        // 9 arms on the first pilot seed, 5 on two more, 3 on six seeds.
        trained.Should().Be(9 + (2 * 5) + (6 * 3));
    }

    [Fact]
    public void Every_stopped_arm_stays_in_view_with_its_reason()
    {
        _lab.Run("experiments/sweep.json");

        var stopped = Column("select distinct arm from runs where status = 'stopped'");
        stopped.Should().HaveCount(6).And.NotIntersectWith(Kept);
        Column("select distinct arm from run_values where metric = 'fid@1'").Should().HaveCount(9, "the pilot values of all arms are shown");
        Column("select reason from stages where status = 'stopped' and label like 'meanflow lambda=0.1 %'").Should().OnlyContain(
            reason => reason.StartsWith("stopped after rung 1: place "));
        var page = File.ReadAllText(_lab.At("reports/sweep.html"));
        foreach (var arm in stopped)
        {
            page.Should().Contain(arm);
        }

        page.Should().Contain("lambda=0.1 was stopped by a declared rule: no verdict").And.Contain("n 0 of 6, stopped");
    }

    [Fact]
    public void No_verdict_and_no_rank_uses_a_value_of_a_stopped_arm()
    {
        _lab.Run("experiments/sweep.json");

        var verdicts = Verdicts().Matches(_lab.Run("experiments/sweep.json").Out).ToDictionary(match => match.Groups[1].Value, match => match.Groups[2].Value);
        verdicts.Keys.Should().HaveCount(8);
        verdicts.Where(verdict => !Kept.Contains(verdict.Key)).Should().OnlyContain(verdict => verdict.Value == "stopped");
        verdicts["lambda=0.6"].Should().Be("better");
        Column("select distinct arm from arms where metric = 'fid@1' and n > 0").Should().BeEquivalentTo(Kept);
    }

    [Fact]
    public void The_same_command_decides_in_the_same_way_and_computes_nothing()
    {
        _lab.Run("experiments/sweep.json");
        var page = File.ReadAllText(_lab.At("reports/sweep.html"));

        _lab.Run("experiments/sweep.json").Code.Should().Be(ExitCode.Ok);

        _lab.Started.Should().BeEmpty();
        File.ReadAllText(_lab.At("reports/sweep.html")).Should().Be(page);
    }

    [Fact]
    public void A_failed_pilot_run_leaves_the_rung_undecided()
    {
        _lab.OnStage = context =>
        {
            if (context.Spec.Node.Label.StartsWith("meanflow lambda=0.3 seed 100", StringComparison.Ordinal))
                throw new LabException("no memory");
        };

        var answer = _lab.Run("experiments/sweep.json");

        answer.Code.Should().Be(ExitCode.RunsFailed);
        Confirmed().Should().BeEmpty();
        Column("select distinct reason from stages where status = 'skipped' and label like 'meanflow %'").Should().Equal(
            "rung 1 needs a result of every arm under its pilot seeds, and a pilot run has failed");

        _lab.OnStage = null;
        _lab.Run("experiments/sweep.json").Code.Should().Be(ExitCode.Ok);
        Confirmed().Should().BeEquivalentTo(Kept);
    }

    [Theory]
    [InlineData("--only", "lambda=0.6")]
    [InlineData("--launcher", "slurm")]
    public void Halving_needs_all_arms_on_this_machine(string option, string value)
    {
        var answer = _lab.Run("experiments/sweep.json", option, value);

        answer.Code.Should().Be(ExitCode.Usage);
        answer.Error.Should().Contain($"the experiment declares `halving`, which cannot be combined with {option}");
        _lab.Started.Should().BeEmpty();
    }

    private List<string> Confirmed() => Column("select distinct arm from runs where pilot = 0 and status = 'completed'");

    private List<string> Column(string sql) =>
        [.. _lab.Run("query", sql, "--csv").Out.Split("\r\n", StringSplitOptions.RemoveEmptyEntries).Skip(1).Select(line => line.Trim('"'))];

    // `evaluation lambda=0.5 seed 100`
    private static double? Simulated(string label)
    {
        if (Label().Match(label) is not { Success: true } match)
            return null;
        var (lambda, seed) = (double.Parse(match.Groups[1].Value, System.Globalization.CultureInfo.InvariantCulture), int.Parse(match.Groups[2].Value));
        return 20 + (40 * Math.Pow(lambda - 0.62, 2)) + (0.05 * Math.Sin((17 * seed) + (5 * lambda)));
    }

    [GeneratedRegex(@"^evaluation lambda=([0-9.]+) seed (\d+)$")]
    private static partial Regex Label();

    [GeneratedRegex(@"^  (lambda=[0-9.]+): (\w+):", RegexOptions.Multiline)]
    private static partial Regex Verdicts();
}
