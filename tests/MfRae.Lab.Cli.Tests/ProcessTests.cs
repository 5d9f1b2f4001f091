using MfRae.Lab.Cli.Tests.Fakes;

namespace MfRae.Lab.Cli.Tests;

/// <summary>The program as a process: what a shell sees.</summary>
public sealed class ProcessTests : IDisposable
{
    private readonly LabFolder lab = new();

    [Fact]
    public void A_wrong_experiment_is_exit_code_2_with_stdout_empty()
    {
        var answer = lab.Start("experiments/none.json");

        answer.Code.Should().Be(ExitCode.Usage);
        answer.Out.Should().BeEmpty();
        answer.Error.Should().Contain("experiments/none.json").And.NotContain("\u001b", "stderr is no terminal here");
    }

    [Fact]
    public void A_worker_without_a_stage_is_exit_code_4()
    {
        var answer = lab.Start("worker", "nowhere");

        answer.Code.Should().Be(ExitCode.Environment);
        answer.Error.Should().Contain("nowhere");
    }

    public void Dispose() => lab.Dispose();
}
