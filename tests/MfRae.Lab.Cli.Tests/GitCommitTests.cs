using System.Diagnostics;
using System.Text;
using MfRae.Lab.Cli.Tests.Fakes;

namespace MfRae.Lab.Cli.Tests;

public sealed class GitCommitTests : IDisposable
{
    private readonly LabFolder lab = new();

    public void Dispose() => lab.Dispose();

    [Fact]
    public void Where_there_is_no_repository_nothing_is_known()
    {
        GitCommit.State(lab.Path).Should().BeNull();
        GitCommit.Knows(lab.Path, new string('a', 40)).Should().BeNull();
    }

    [Fact]
    public void A_run_keeps_the_commit_and_what_the_checkout_has_beyond_it()
    {
        Git("init", "-q");
        lab.Write(".gitignore", "data\nreports\n");
        Git("add", "experiments", ".gitignore");
        Git("-c", "user.name=n", "-c", "user.email=e@e", "commit", "-q", "-m", "first");
        lab.Write("experiments/smoke.json", File.ReadAllText(lab.At("experiments/smoke.json")) + "\n");

        var state = GitCommit.State(lab.Path)!;
        GitCommit.Knows(lab.Path, state.Commit).Should().BeTrue();
        GitCommit.Knows(lab.Path, new string('a', 40)).Should().BeFalse();
        GitCommit.Knows(lab.Path, "--all").Should().BeFalse("a commit from a file is data, not an option");
        Encoding.UTF8.GetString(state.Patch).Should().Contain("experiments/smoke.json");

        lab.Run("experiments/smoke.json").Code.Should().Be(ExitCode.Ok);
        var patch = Directory.GetFiles(lab.At("data/store/.plans"), "*.patch").Should().ContainSingle().Subject;
        File.ReadAllBytes(patch).Should().Equal(state.Patch);
        lab.Run("verify", "smoke").Out.Should().NotContain("patch");

        File.AppendAllText(patch, " ");
        lab.Run("verify", "smoke").Out.Should().Contain("differs: the patch").And.Contain("has changed");
        File.Delete(patch);
        var answer = lab.Run("verify", "smoke", "--strict");
        answer.Out.Should().Contain("no longer in the store");
        answer.Code.Should().Be(ExitCode.Incomparable);
    }

    private void Git(params string[] arguments)
    {
        using var git = Process.Start(new ProcessStartInfo("git", arguments) { WorkingDirectory = lab.Path })!;
        git.WaitForExit();
        git.ExitCode.Should().Be(0);
    }
}
