using System.Diagnostics;
using MfRae.Lab.Cli.Tests.Fakes;
using MfRae.Lab.Core.Planning;
using MfRae.Lab.Execution.Store;

namespace MfRae.Lab.Cli.Tests;

/// <summary>A training by several processes of OpenMPI. `tests/mpi/run` also kills a rank.</summary>
public sealed class RankTests : IDisposable
{
    private static readonly string Experiment = Path.Combine(Checkout.Root, "tests", "mpi", "ranks.json");

    private readonly LabFolder _lab = new();

    public void Dispose() => _lab.Dispose();

    [Fact]
    public void Two_ranks_train_the_weights_of_one_process_with_the_same_micro_batches()
    {
        Requires.Mpi();

        var one = Train("one");
        var two = Train("two", "--ranks", "2");

        one.Should().NotBeEmpty();
        two.Should().Equal(one);
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

    /// <summary>The hash of the trained weights.</summary>
    private string[] Train(string name, params string[] options)
    {
        using Process process = LabProcess.Start(
            _lab.Path,
            ["run", Experiment, "--micro-batch", "5", "--quiet", "--store", name, "--db", name + ".db", "--reports", name + "-reports", .. options]);
        var answer = LabProcess.End(process);
        answer.Code.Should().Be(ExitCode.Ok, answer.Error);
        var store = new ArtifactStore(_lab.At(name));
        return [.. store.CompleteKeys().Select(key => Path.Combine(store.CompleteFolder(key), "network.safetensors"))
            .Where(File.Exists).Select(FileHash.Of).Order(StringComparer.Ordinal)];
    }
}
