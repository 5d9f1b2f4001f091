using System.Diagnostics;
using System.Text;
using MfRae.Lab.Cli.Tests.Fakes;
using MfRae.Lab.Execution.Store;

namespace MfRae.Lab.Cli.Tests;

public sealed class GitCommitTests : IDisposable
{
    private readonly LabFolder _lab = new();

    public void Dispose() => _lab.Dispose();

    [Fact]
    public void Outside_a_repository_the_commit_is_unknown()
    {
        GitCommit.State(_lab.Path).Should().BeNull();
        GitCommit.Knows(_lab.Path, new string('a', 40)).Should().BeNull();
    }

    [Fact]
    public void A_run_records_the_commit_and_the_uncommitted_changes()
    {
        Git("init", "-q");
        _lab.Write(".gitignore", "data\nreports\n");
        Git("add", "experiments", ".gitignore");
        Git("-c", "user.name=n", "-c", "user.email=e@e", "commit", "-q", "-m", "first");
        _lab.Write("experiments/smoke.json", File.ReadAllText(_lab.At("experiments/smoke.json")) + "\n");

        var state = GitCommit.State(_lab.Path)!;
        GitCommit.Knows(_lab.Path, state.Commit).Should().BeTrue();
        GitCommit.Knows(_lab.Path, new string('a', 40)).Should().BeFalse();
        GitCommit.Knows(_lab.Path, "--all").Should().BeFalse("a commit from a file is data, not an option");
        Encoding.UTF8.GetString(state.Patch).Should().Contain("experiments/smoke.json");

        _lab.Run("experiments/smoke.json").Code.Should().Be(ExitCode.Ok);
        var patch = Directory.GetFiles(_lab.At("data/store/.plans"), "*.patch").Should().ContainSingle().Subject;
        File.ReadAllBytes(patch).Should().Equal(state.Patch);
        _lab.Run("verify", "smoke").Out.Should().NotContain("patch");

        File.AppendAllText(patch, " ");
        _lab.Run("verify", "smoke").Out.Should().Contain("differs: the patch").And.Contain("has changed");
        File.Delete(patch);
        var answer = _lab.Run("verify", "smoke", "--strict");
        answer.Out.Should().Contain("no longer in the store");
        answer.Code.Should().Be(ExitCode.Incomparable);
    }

    private void Git(params string[] arguments)
    {
        using var git = Process.Start(new ProcessStartInfo("git", arguments) { WorkingDirectory = _lab.Path })!;
        git.WaitForExit();
        git.ExitCode.Should().Be(0);
    }
}
