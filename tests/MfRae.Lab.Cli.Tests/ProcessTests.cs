using System.Diagnostics;
using System.Text;
using MfRae.Lab.Cli.Tests.Fakes;

namespace MfRae.Lab.Cli.Tests;

/// <summary>The program as a separate process: its exit code and streams.</summary>
public sealed class ProcessTests : IDisposable
{
    private readonly LabFolder _lab = new();

    [Fact]
    public void A_wrong_experiment_is_exit_code_2_with_stdout_empty()
    {
        var answer = Start("experiments/none.json");

        answer.Code.Should().Be(ExitCode.Usage);
        answer.Out.Should().BeEmpty();
        answer.Error.Should().Contain("experiments/none.json").And.NotContain("\u001b", "stderr is not a terminal here");
    }

    [Fact]
    public void A_worker_without_a_stage_is_exit_code_4()
    {
        var answer = Start("worker", "nowhere");

        answer.Code.Should().Be(ExitCode.Environment);
        answer.Error.Should().Contain("nowhere");
    }

    // Torch costs half a second and 140 MB, which only workers and the verbs that look at networks have a use for.
    [Fact]
    public void The_coordinator_never_loads_torch()
    {
        LoadsTorch("weights", "list").Should().BeTrue("the test must see torch where it is");
        LoadsTorch("plan", "experiments/smoke.json").Should().BeFalse();
        LoadsTorch("run", "experiments/smoke.json").Should().BeFalse();
    }

    public void Dispose() => _lab.Dispose();

    // The runtime writes a trace of what each process loads, this one's workers included.
    private bool LoadsTorch(params string[] args)
    {
        const string loads = "Microsoft-Windows-DotNETRuntime:8:4";
        var folder = Directory.CreateDirectory(_lab.At("traces-" + args[0]));
        var id = 0;
        Start(args, start =>
        {
            start.Environment["DOTNET_EnableEventPipe"] = "1";
            start.Environment["DOTNET_EventPipeConfig"] = loads;
            start.Environment["DOTNET_EventPipeOutputPath"] = Path.Combine(folder.FullName, "{pid}.nettrace");
        }, process => id = process.Id);
        var trace = File.ReadAllBytes(Path.Combine(folder.FullName, $"{id}.nettrace"));
        trace.AsSpan().IndexOf(Encoding.Unicode.GetBytes("MfRae.Lab.Core")).Should().BePositive("it is a trace of the loaded assemblies");
        return trace.AsSpan().IndexOf(Encoding.Unicode.GetBytes("TorchSharp")) >= 0;
    }

    private Answer Start(params string[] args) => Start(args, _ => { }, _ => { });

    private Answer Start(string[] args, Action<ProcessStartInfo> prepare, Action<Process> started)
    {
        using var process = LabProcess.Start(_lab.Path, args, prepare: prepare);
        started(process);
        return LabProcess.End(process);
    }
}
