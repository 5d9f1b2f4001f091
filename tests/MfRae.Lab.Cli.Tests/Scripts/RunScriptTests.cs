using System.Management.Automation;
using System.Management.Automation.Language;
using System.Management.Automation.Runspaces;
using MfRae.Lab.Cli.Tests.Fakes;

namespace MfRae.Lab.Cli.Tests.Scripts;

/// <summary>run.ps1 in a PowerShell that is hosted here; no shell needs to be installed.</summary>
public sealed class RunScriptTests
{
    private static readonly string Script = Path.Combine(Checkout.Root, "run.ps1");

    [Fact]
    public void The_script_has_no_syntax_error_and_stays_short()
    {
        Parser.ParseFile(Script, out _, out var errors);

        errors.Select(error => error.ToString()).Should().BeEmpty();
        File.ReadLines(Script).Count().Should().BeLessThan(60);
    }

    [Theory]
    [InlineData("help")]
    [InlineData(null)]
    public void The_help_of_the_script_names_every_verb(string? argument)
    {
        var (lines, errors) = Invoke(argument);

        errors.Should().BeEmpty();
        string.Join('\n', lines).Should().ContainAll(
            "restore", "build", "test", "all", "run, plan, validate, profile, schema, options, ls, show, query, report", "experiments/NAME.json");
    }

    [Fact]
    public void The_help_of_the_script_names_only_existing_verbs()
    {
        using var lab = new LabFolder();
        var verbs = lab.Run("--help").Out.Split('\n')
            .SkipWhile(line => !line.StartsWith("Commands:", StringComparison.Ordinal)).Skip(1)
            .Select(line => line.Trim().Split(' ')[0]).Where(verb => verb.Length > 0).ToList();

        verbs.Should().Contain("run");
        string.Join('\n', Invoke("help").Lines).Should().ContainAll(verbs);
    }

    private static (IReadOnlyList<string> Lines, IReadOnlyList<string> Errors) Invoke(string? argument)
    {
        using var runspace = RunspaceFactory.CreateRunspace(InitialSessionState.CreateDefault2());
        runspace.Open();
        using var shell = PowerShell.Create(runspace);
        shell.AddCommand(Script);
        if (argument is not null)
            shell.AddArgument(argument);
        var lines = shell.Invoke().Select(item => item?.ToString() ?? "").ToList();
        return (lines, [.. shell.Streams.Error.Select(error => error.ToString())]);
    }
}
