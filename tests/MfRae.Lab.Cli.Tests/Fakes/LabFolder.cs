using MfRae.Lab.Core.Options;
using MfRae.Lab.Core.Planning;
using MfRae.Lab.Execution.Cluster;

namespace MfRae.Lab.Cli.Tests.Fakes;

/// <summary>
/// A working directory with the shipped experiments, and files with the names of the shipped data. The fake stages do not read them, so
/// they have a few bytes of content.
/// </summary>
internal sealed class LabFolder : IDisposable
{
    public LabFolder()
    {
        var shipped = System.IO.Path.Combine(Checkout.Root, "experiments");
        foreach (var name in new[] { "smoke.json", "base/fashion-mnist.json" })
            Write("experiments/" + name, File.ReadAllText(System.IO.Path.Combine(shipped, name)));
        foreach (var name in IdxDatasetOptions.FileNames)
            Write("data/fashion-mnist/" + name, name);
        foreach (var name in new[] { "encoder", "decoder", "latents", "teacher", "inception" })
            Write($"data/weights/{name}.safetensors", name);
    }

    public string Path { get; } = Directory.CreateTempSubdirectory("lab-").FullName;

    /// <summary>Called at the start of each stage.</summary>
    public Action<StageContext>? OnStage { get; set; }

    /// <summary>The FID of an evaluation by the label of its stage; null: a value of the key.</summary>
    public Func<string, double?>? Fid { get; set; }

    /// <summary>The width of the terminal; null if the output is a pipe.</summary>
    public int? Width { get; set; }

    /// <summary>Answers questions; null if there is no person at the terminal.</summary>
    public Func<string, bool>? Ask { get; set; }

    /// <summary>Selects the attempts whose worker is killed.</summary>
    public Func<StageSpec, bool>? Kills { get; set; }

    /// <summary>The scheduler of a cluster; null: the program's.</summary>
    public IJobScheduler? Scheduler { get; set; }

    public StopSignals Signals { get; private set; } = new();

    /// <summary>The labels of the stages that the last command computed.</summary>
    public IReadOnlyList<string> Started { get; private set; } = [];

    public string At(string name) => System.IO.Path.Combine(Path, name);

    public bool Exists(string name) => File.Exists(At(name)) || Directory.Exists(At(name));

    public void Write(string name, string text)
    {
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(At(name))!);
        File.WriteAllText(At(name), text);
    }

    public Answer Run(params string[] args)
    {
        var output = new StringWriter();
        var error = new StringWriter();
        var launcher = new ThreadLauncher(definition => new FakeStage(definition, OnStage, Fid), Kills);
        Signals = new();
        var lab = new LabContext(
            new Terminal(output, error, null, Width, Ask), Path, launcher, () => Stream.Null, Signals, TimeProvider.System);
        if (Scheduler is not null)
            lab = lab with { Scheduler = Scheduler };
        var code = Program.Run(args, lab);
        Started = launcher.Started;
        return new(code, output.ToString(), error.ToString());
    }

    public void Dispose()
    {
        Signals.Dispose();
        Directory.Delete(Path, recursive: true);
    }
}
