using System.Runtime.InteropServices;
using MfRae.Lab.Core;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Ranks;

/// <summary>
/// Ranks that OpenMPI's `mpirun`, or Slurm, has started. Tensors are on the CPU. The first error ends all ranks: that is MPI's default.
/// </summary>
public sealed unsafe class MpiCollective : ICollective
{
    // MPI counts in 32-bit integers: a message is at most this long.
    private const int LargestMessage = 1 << 28;

    private readonly Functions _mpi;
    private readonly nint _world;
    private readonly nint _byte;

    private MpiCollective(Functions mpi)
    {
        _mpi = mpi;
        // In OpenMPI, a handle is the address of a variable that the library exports.
        (_world, _byte) = (mpi.Address("ompi_mpi_comm_world"), mpi.Address("ompi_mpi_byte"));
        int rank, count;
        Check(((delegate* unmanaged<nint, int*, int>)mpi.Address("MPI_Comm_rank"))(_world, &rank), "MPI_Comm_rank");
        Check(((delegate* unmanaged<nint, int*, int>)mpi.Address("MPI_Comm_size"))(_world, &count), "MPI_Comm_size");
        (Rank, Count) = (rank, count);
    }

    /// <inheritdoc/>
    public int Rank { get; }

    /// <inheritdoc/>
    public int Count { get; }

    /// <inheritdoc/>
    public Device Device => CPU;

    /// <summary>Connects this process with the other ranks. A process can do this once.</summary>
    /// <param name="expected">The number of ranks.</param>
    /// <exception cref="LabException">OpenMPI is not installed, or the process was not started as one of this many ranks.</exception>
    public static MpiCollective Connect(int expected)
    {
        var mpi = Functions.Load();
        var provided = 0;
        // All calls come from the thread of the training.
        const int ThreadFunneled = 1;
        Check(
            ((delegate* unmanaged<int*, byte***, int, int*, int>)mpi.Address("MPI_Init_thread"))(null, null, ThreadFunneled, &provided),
            "MPI_Init_thread");
        var ranks = new MpiCollective(mpi);
        return ranks.Count == expected
            ? ranks
            : throw new LabException(
                $"this process is one of {ranks.Count} ranks of MPI, and not of {expected}: the library libmpi must belong to the command that starts "
                    + "the ranks. With srun, Slurm needs its plugin for PMIx (`srun --mpi=list`)");
    }

    /// <inheritdoc/>
    public void Exchange(Tensor rows, Tensor received)
    {
        var function = (delegate* unmanaged<void*, int, nint, void*, int, nint, nint, int>)_mpi.Address("MPI_Alltoall");
        var length = Length(received) / Count;
        Check(function(Data(rows), length, _byte, Data(received), length, _byte, _world), "MPI_Alltoall");
        GC.KeepAlive(rows);
        GC.KeepAlive(received);
    }

    /// <inheritdoc/>
    public void Gather(Tensor own, Tensor all)
    {
        var function = (delegate* unmanaged<void*, int, nint, void*, int, nint, nint, int>)_mpi.Address("MPI_Allgather");
        var length = Length(own);
        Check(function(Data(own), length, _byte, Data(all), length, _byte, _world), "MPI_Allgather");
        GC.KeepAlive(own);
        GC.KeepAlive(all);
    }

    /// <inheritdoc/>
    public void Broadcast(Tensor values)
    {
        var function = (delegate* unmanaged<void*, int, nint, int, nint, int>)_mpi.Address("MPI_Bcast");
        var data = (byte*)Data(values);
        for (long at = 0, all = values.numel() * values.element_size(); at < all; at += LargestMessage)
            Check(function(data + at, (int)Math.Min(LargestMessage, all - at), _byte, 0, _world), "MPI_Bcast");
        GC.KeepAlive(values);
    }

    /// <summary>Leaves the ranks, and waits until the others leave too. After a failure it is not called: MPI then ends the other ranks.</summary>
    public void Dispose() => Check(((delegate* unmanaged<int>)_mpi.Address("MPI_Finalize"))(), "MPI_Finalize");

    private static void* Data(Tensor tensor)
    {
        if (tensor.device_type != DeviceType.CPU || !tensor.is_contiguous())
            throw new ArgumentException("MPI exchanges contiguous tensors of the CPU", nameof(tensor));
        return (void*)TensorData.Address(tensor);
    }

    private static int Length(Tensor tensor) => checked((int)(tensor.numel() * tensor.element_size()));

    private static void Check(int code, string function)
    {
        if (code != 0)
            throw new LabException($"{function} failed with code {code}");
    }

    /// <summary>The functions of libmpi.</summary>
    private sealed class Functions(nint library)
    {
        private const string Library = "libmpi.so.40";
        private const int Now = 2;
        private const int Global = 0x100;

        private readonly Dictionary<string, nint> _addresses = [];

        public static Functions Load()
        {
            if (!OperatingSystem.IsLinux())
                throw new LabException("several ranks need Linux and OpenMPI: run without --ranks");
            // The plugins of OpenMPI look for its symbols among those of the process.
            var library = Open(Library, Now | Global);
            return library != 0 ? new(library) : throw new LabException(RankSupport.Missing($"the library {Library}"));
        }

        public nint Address(string name)
        {
            if (!_addresses.TryGetValue(name, out var address))
            {
                _addresses[name] = address = NativeLibrary.TryGetExport(library, name, out var found)
                    ? found
                    : throw new LabException($"{Library} has no {name}: it is not the library of OpenMPI");
            }
            return address;
        }

        [DllImport("libdl.so.2", EntryPoint = "dlopen", CharSet = CharSet.Ansi, BestFitMapping = false, ThrowOnUnmappableChar = true)]
        private static extern nint Open(string name, int flags);
    }
}
