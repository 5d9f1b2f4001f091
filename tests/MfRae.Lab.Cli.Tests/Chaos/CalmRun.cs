using MfRae.Lab.Cli.Tests.Fakes;

namespace MfRae.Lab.Cli.Tests.Chaos;

/// <summary>The results of the experiment in an undisturbed run, one stage at a time.</summary>
public sealed class CalmRun
{
    public CalmRun()
    {
        if (!OperatingSystem.IsLinux())
            return;
        using var lab = new ChaosLab();
        using var process = lab.Start("--jobs", "1");
        var answer = LabProcess.End(process);
        answer.Code.Should().Be(ExitCode.Ok, answer.Error);
        (Report, Files) = (lab.Report(), lab.Files());
    }

    public string Report { get; } = "";

    /// <summary>Path in the store → SHA-256.</summary>
    public IReadOnlyDictionary<string, string> Files { get; } = new Dictionary<string, string>();
}
