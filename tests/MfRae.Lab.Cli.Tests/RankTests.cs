using MfRae.Lab.Cli.Tests.Fakes;
using MfRae.Lab.Core.Planning;
using MfRae.Lab.Execution.Store;

namespace MfRae.Lab.Cli.Tests;

/// <summary>Stages that several processes of OpenMPI compute. `tests/mpi/run` also kills a rank.</summary>
public sealed class RankTests : IDisposable
{
    private static readonly string Experiment = Path.Combine(Checkout.Root, "tests", "mpi", "ranks.json");
    private static readonly string Sampling = Path.Combine(Checkout.Root, "tests", "mpi", "samples.json");

    private readonly LabFolder _lab = new();

    public void Dispose() => _lab.Dispose();

    [Fact]
    public void Two_ranks_train_the_weights_of_one_process_with_the_same_micro_batches()
    {
        Requires.Mpi();

        var one = Files(Experiment, "one");
        var two = Files(Experiment, "two", "--ranks", "2");

        one.Should().ContainSingle(file => file.Contains("network.safetensors"));
        two.Should().Equal(one);
    }

    [Fact]
    public void Two_ranks_write_the_samples_and_measure_the_values_of_one_process()
    {
        Requires.Mpi();

        var one = Files(Sampling, "one");
        var two = Files(Sampling, "two", "--ranks", "2");

        one.Should().Contain(file => file.Contains("samples.2.safetensors")).And.Contain(file => file.Contains("reference.safetensors"));
        two.Should().Equal(one);
        Query("two", "select kind from attempts where device_seconds > 1.5 * wall_seconds order by kind").Should().ContainInOrder("evaluation", "meanflow", "reference", "sampling");
        const string Values = "select metric, value, low, high from evaluations where role = 'evaluation' order by metric";
        Query("one", Values).Should().HaveCountGreaterThan(2);
        Query("two", Values).Should().Equal(Query("one", Values));
    }

    [Fact]
    public void Without_OpenMPI_nothing_starts_and_the_message_says_what_to_install()
    {
        Requires.Linux("the PATH");
        using var process = LabProcess.Start(
            _lab.Path, ["run", Experiment, "--ranks", "2"], prepare: start => start.Environment["PATH"] = "/nowhere");
        var answer = LabProcess.End(process);

        answer.Code.Should().Be(ExitCode.Environment);
        answer.Error.Should().Contain("the command mpirun is not on this machine").And.Contain("apt-get install openmpi-bin libopenmpi3");
        File.Exists(_lab.At("data/lab.db")).Should().BeFalse();
    }

    // The keys, names and hashes of all tensors and images that the stages of a run wrote.
    private string[] Files(string experiment, string name, params string[] options)
    {
        Lab(name, ["run", experiment, "--micro-batch", "4", "--quiet", .. options]);
        var store = new ArtifactStore(_lab.At(name));
        return [.. store.CompleteKeys().SelectMany(key => Directory.EnumerateFiles(store.CompleteFolder(key))
            .Where(file => Path.GetExtension(file) is ".safetensors" or ".png")
            .Select(file => $"{key} {Path.GetFileName(file)} {FileHash.Of(file)}")).Order(StringComparer.Ordinal)];
    }

    private string[] Query(string name, string sql) => Lab(name, ["query", sql, "--csv"]).Split("\r\n", StringSplitOptions.RemoveEmptyEntries);

    private string Lab(string name, string[] args)
    {
        using var process = LabProcess.Start(
            Checkout.Root, [.. args, "--store", _lab.At(name), "--db", _lab.At(name + ".db"), "--reports", _lab.At(name + "-reports")]);
        var answer = LabProcess.End(process);
        answer.Code.Should().Be(ExitCode.Ok, answer.Error);
        return answer.Out;
    }
}
