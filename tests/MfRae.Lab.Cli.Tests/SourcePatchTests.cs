using System.Diagnostics;
using System.Text;
using MfRae.Lab.Cli.Tests.Fakes;
using MfRae.Lab.Execution.Store;

namespace MfRae.Lab.Cli.Tests;

/// <summary>The patch that a run stores, applied to a clean checkout of its commit, makes the tree that was run.</summary>
public sealed class SourcePatchTests : IDisposable
{
    private static readonly string Lines = string.Concat(Enumerable.Range(0, 9).Select(i => $"line {i}\n"));
    private readonly LabFolder _lab = new();
    private readonly DirectoryInfo _clean = Directory.CreateTempSubdirectory("clean-");

    public void Dispose()
    {
        _lab.Dispose();
        _clean.Delete(recursive: true);
    }

    [Theory]
    [InlineData("a context that ends in a blank line")]
    [InlineData("carriage returns")]
    [InlineData("binary")]
    [InlineData("Latin-1")]
    [InlineData("untracked")]
    [InlineData("untracked in a separate folder")]
    [InlineData("names with blanks, quotes and letters of many scripts")]
    [InlineData("renamed")]
    [InlineData("mode")]
    [InlineData("link")]
    [InlineData("deleted")]
    [InlineData("deleted from the index only")]
    [InlineData("staged and changed again")]
    [InlineData("no newline at the end")]
    [InlineData("the user's own settings of diff")]
    [InlineData("a folder in place of a file")]
    public void The_stored_patch_applied_to_the_commit_reproduces_the_working_tree(string change)
    {
        Commit();
        Change(change);
        var index = File.ReadAllBytes(_lab.At(".git/index"));
        var objects = Directory.GetFiles(_lab.At(".git/objects"), "*", SearchOption.AllDirectories);

        _lab.Run("experiments/smoke.json").Code.Should().Be(ExitCode.Ok);

        File.ReadAllBytes(_lab.At(".git/index")).Should().Equal(index);
        Directory.GetFiles(_lab.At(".git/objects"), "*", SearchOption.AllDirectories).Should().BeEquivalentTo(objects);
        var patch = Directory.GetFiles(_lab.At("data/store/.plans"), "*.patch").Should().ContainSingle().Subject;
        Git(_clean.FullName, "clone", "-q", _lab.Path, "copy");
        var copy = Path.Combine(_clean.FullName, "copy");
        Git(copy, "apply", "--index", patch);
        var applied = Git(copy, "write-tree");
        Git(_lab.Path, "add", "-A");
        applied.Should().Be(Git(_lab.Path, "write-tree"));
    }

    [Fact]
    public void A_clean_checkout_stores_no_patch_whether_git_ignores_the_outputs_or_not()
    {
        Commit(ignored: "/data/fashion-mnist\n/data/weights\n");

        _lab.Run("experiments/smoke.json").Error.Should().NotContain("incomplete");

        Directory.GetFiles(_lab.At("data/store/.plans"), "*.patch").Should().BeEmpty();
        _lab.Run("verify", "smoke").Out.Should().NotContain("patch");
        _lab.Run("experiments/smoke.json").Code.Should().Be(ExitCode.Ok);
        Directory.GetFiles(_lab.At("data/store/.plans"), "*.patch").Should().BeEmpty("store, database and reports are not source");
    }

    [Fact]
    public async Task Long_output_of_git_on_standard_error_does_not_block()
    {
        Commit();
        // Git warns about each of these files: it may not change their line endings.
        Git(_lab.Path, "config", "core.autocrlf", "true");
        for (var i = 0; i < 1_500; i++)
            _lab.Write($"src/{new string('n', 80)}{i}.cs", "// text\n");

        var state = await Task.Run(() => GitCommit.State(_lab.Path)).WaitAsync(TimeSpan.FromSeconds(100));

        state!.Omitted.Should().BeNull();
        state.Patch.Length.Should().BeGreaterThan(100_000);
    }

    [Fact]
    public void Large_files_are_omitted_with_a_reason_that_run_and_verify_print()
    {
        Commit();
        _lab.Write("note.txt", "changed\n");
        using (var large = File.Create(_lab.At("weights.bin")))
            large.SetLength((16L << 20) + 1);

        var run = _lab.Run("experiments/smoke.json");

        run.Code.Should().Be(ExitCode.Ok);
        run.Error.Should().Contain("the record of the source is incomplete: the patch omits weights.bin (16.0 MB)");
        var patch = Directory.GetFiles(_lab.At("data/store/.plans"), "*.patch").Should().ContainSingle().Subject;
        File.ReadAllText(patch).Should().Contain("note.txt").And.NotContain("weights.bin");
        _lab.Run("verify", "smoke").Out.Should().Contain("incomplete: the patch omits weights.bin");
        _lab.Run("export", "smoke", "--to", _lab.At("data/smoke.capsule")).Code.Should().Be(ExitCode.Ok);
        using var other = new LabFolder();
        other.Run("import", _lab.At("data/smoke.capsule")).Code.Should().Be(ExitCode.Ok);
        Directory.GetFiles(other.At("data/store/.plans"), "*.patch").Should().ContainSingle();
    }

    [Fact]
    public void A_large_tracked_or_staged_file_is_omitted_too()
    {
        _lab.Write("tracked.bin", "small");
        Commit();
        _lab.Write("tracked.bin", new string('x', 300));
        _lab.Write("staged.bin", new string('y', 300));
        Git(_lab.Path, "add", "staged.bin");
        _lab.Write("note.txt", "changed\n");

        var state = GitCommit.State(_lab.Path, new(File: 200))!;

        Encoding.UTF8.GetString(state.Patch).Should().Contain("note.txt").And.NotContain("tracked.bin").And.NotContain("staged.bin");
        state.Omitted.Should().Contain("tracked.bin").And.Contain("staged.bin");
        GitCommit.State(_lab.Path, new(Patch: 50))!.Omitted.Should().Be("the patch is not recorded: the output of git exceeds 50 bytes");
        GitCommit.State(_lab.Path, new(Files: 1))!.Omitted.Should().Contain("3 files differ");
    }

    [Fact]
    public void A_nested_repository_is_named_and_a_submodule_is_recorded_as_its_commit()
    {
        Directory.CreateDirectory(_lab.At("inner"));
        Init(_lab.At("inner"));
        File.WriteAllText(_lab.At("inner/a.txt"), "a");
        Git(_lab.At("inner"), "add", "a.txt");
        Save(_lab.At("inner"));
        Commit();
        Git(_lab.Path, "-c", "protocol.file.allow=always", "submodule", "--quiet", "add", _lab.At("inner"), "module");
        Save(_lab.Path);
        File.WriteAllText(_lab.At("module/a.txt"), "b");

        var state = GitCommit.State(_lab.Path)!;

        state.Omitted.Should().Contain("inner/ (a separate repository)").And.Contain("module (changes inside a submodule)");
        state.Patch.Should().BeEmpty();
    }

    [Fact]
    public void A_run_works_without_a_commit_and_without_a_repository()
    {
        _lab.Run("experiments/smoke.json").Code.Should().Be(ExitCode.Ok);
        Init(_lab.Path);

        GitCommit.State(_lab.Path).Should().BeNull();
        _lab.Run("experiments/smoke.json").Code.Should().Be(ExitCode.Ok);
    }

    private void Commit(string ignored = "/data\n/reports\n")
    {
        Init(_lab.Path);
        _lab.Write(".gitignore", ignored);
        _lab.Write("blank.txt", Lines + "\n");
        _lab.Write("crlf.txt", Lines.ReplaceLineEndings("\r\n"));
        _lab.Write("note.txt", Lines);
        _lab.Write("gone.txt", Lines);
        File.WriteAllBytes(_lab.At("binary.bin"), [0, 1, 2, 255]);
        File.WriteAllBytes(_lab.At("latin.txt"), Encoding.Latin1.GetBytes("größe\n"));
        Git(_lab.Path, "add", ".gitignore", "experiments", "*.txt");
        foreach (var file in new[] { "binary.bin", "tracked.bin" }.Where(_lab.Exists))
            Git(_lab.Path, "add", file);
        Save(_lab.Path);
    }

    private void Change(string change)
    {
        switch (change)
        {
            case "a context that ends in a blank line":
                _lab.Write("blank.txt", (Lines + "\n").Replace("line 7", "changed", StringComparison.Ordinal));
                break;
            case "carriage returns":
                _lab.Write("crlf.txt", Lines.ReplaceLineEndings("\r\n").Replace("line 7", "changed", StringComparison.Ordinal));
                break;
            case "binary":
                File.WriteAllBytes(_lab.At("binary.bin"), [.. Enumerable.Range(0, 999).Select(i => (byte)(i * 7))]);
                break;
            case "Latin-1":
                File.WriteAllBytes(_lab.At("latin.txt"), Encoding.Latin1.GetBytes("größer\n"));
                break;
            case "untracked":
                _lab.Write("Added.cs", "class Added;\n");
                File.WriteAllBytes(_lab.At("added.bin"), [0, 9, 8]);
                break;
            case "untracked in a separate folder":
                _lab.Write("some/where/deep.json", "{}\n");
                _lab.Write("data/ignored.txt", "ignored\n");
                break;
            case "names with blanks, quotes and letters of many scripts":
                _lab.Write("a name.txt", "1\n");
                _lab.Write("größe \"λ\" 画像*?[x].txt", "2\n");
                _lab.Write("-rf", "3\n");
                _lab.Write("tab\tand\nline", "4\n");
                break;
            case "renamed":
                File.Move(_lab.At("note.txt"), _lab.At("moved.txt"));
                break;
            case "mode":
                Process.Start("chmod", ["+x", _lab.At("note.txt")]).WaitForExit();
                break;
            case "link":
                File.Delete(_lab.At("note.txt"));
                File.CreateSymbolicLink(_lab.At("note.txt"), "blank.txt");
                break;
            case "deleted":
                File.Delete(_lab.At("gone.txt"));
                break;
            case "deleted from the index only":
                Git(_lab.Path, "rm", "-q", "--cached", "gone.txt", "note.txt");
                _lab.Write("note.txt", "changed\n");
                break;
            case "staged and changed again":
                _lab.Write("note.txt", "one\n");
                Git(_lab.Path, "add", "note.txt");
                _lab.Write("note.txt", "two\n");
                break;
            case "no newline at the end":
                _lab.Write("note.txt", Lines.TrimEnd());
                break;
            case "the user's own settings of diff":
                foreach (var setting in (string[][])[["diff.noprefix", "true"], ["diff.external", "false"], ["color.ui", "always"], ["diff.renames", "copies"]])
                    Git(_lab.Path, ["config", .. setting]);
                _lab.Write("note.txt", "one\n");
                break;
            case "a folder in place of a file":
                File.Delete(_lab.At("note.txt"));
                _lab.Write("note.txt/inner.txt", "inner\n");
                break;
        }
    }

    private static void Init(string folder) => Git(folder, "init", "-q");

    private static void Save(string folder) => Git(folder, "-c", "user.name=n", "-c", "user.email=e@e", "commit", "-q", "-m", "saved");

    private static string Git(string folder, params string[] arguments)
    {
        using var git = Process.Start(new ProcessStartInfo("git", arguments) { WorkingDirectory = folder, RedirectStandardOutput = true })!;
        var text = git.StandardOutput.ReadToEnd();
        git.WaitForExit();
        git.ExitCode.Should().Be(0, string.Join(' ', arguments));
        return text;
    }
}
