using System.Runtime.InteropServices;
using MfRae.Lab.Core;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Ranks;

/// <summary>
/// Ranks on GPUs, one for each rank, that exchange tensors by NCCL. The ranks are started by MPI, which also tells them the address of the first
/// one. No machine with several GPUs has run this class yet.
/// </summary>
public sealed unsafe class NcclCollective : ICollective
{
    private const string Library = "libnccl.so.2";
    private const int Bytes = 1;

    private readonly ICollective _starter;
    private readonly nint _library;
    private readonly nint _communicator;

    private NcclCollective(ICollective starter, Device device, nint library)
    {
        (_starter, Device, _library) = (starter, device, library);
        // libtorch creates the context of its device, in which NCCL then works.
        using var scope = NewDisposeScope();
        var id = default(UniqueId);
        if (Rank == 0)
            Check(((delegate* unmanaged<UniqueId*, int>)Address("ncclGetUniqueId"))(&id), "ncclGetUniqueId");
        using var shared = empty(UniqueId.Length, uint8);
        new Span<byte>(id.Bytes, UniqueId.Length).CopyTo(shared.bytes);
        starter.Broadcast(shared);
        shared.bytes.CopyTo(new Span<byte>(id.Bytes, UniqueId.Length));
        _ = zeros(1, device: device);
        nint communicator;
        Check(
            ((delegate* unmanaged<nint*, int, UniqueId, int, int>)Address("ncclCommInitRank"))(&communicator, Count, id, Rank), "ncclCommInitRank");
        _communicator = communicator;
    }

    /// <inheritdoc/>
    public int Rank => _starter.Rank;

    /// <inheritdoc/>
    public int Count => _starter.Count;

    /// <inheritdoc/>
    public Device Device { get; }

    /// <summary>Connects the GPUs of ranks that can already exchange values of the CPU.</summary>
    /// <param name="starter">The ranks. They are disposed with this object.</param>
    /// <param name="device">The GPU of this rank; no two ranks may have the same one.</param>
    /// <exception cref="LabException">NCCL is not installed, or refuses the device.</exception>
    public static NcclCollective Connect(ICollective starter, Device device) => NativeLibrary.TryLoad(Library, out var library)
        ? new(starter, device, library)
        : throw new LabException(
            $"{Library} does not load: several ranks on GPUs need NVIDIA's NCCL (on Debian and Ubuntu: apt-get install libnccl2; in a PyTorch for CUDA: "
                + "site-packages/nvidia/nccl/lib, to be added to LD_LIBRARY_PATH). With --device cpu, MPI is enough");

    /// <inheritdoc/>
    public void Exchange(Tensor rows, Tensor received)
    {
        var send = (delegate* unmanaged<void*, nuint, int, int, nint, nint, int>)Address("ncclSend");
        var receive = (delegate* unmanaged<void*, nuint, int, int, nint, nint, int>)Address("ncclRecv");
        byte* from = Data(rows), to = Data(received);
        var length = Length(rows) / (nuint)Count;
        Check(((delegate* unmanaged<int>)Address("ncclGroupStart"))(), "ncclGroupStart");
        for (var rank = 0; rank < Count; rank++)
        {
            Check(send(from + ((nuint)rank * length), length, Bytes, rank, _communicator, 0), "ncclSend");
            Check(receive(to + ((nuint)rank * length), length, Bytes, rank, _communicator, 0), "ncclRecv");
        }
        Check(((delegate* unmanaged<int>)Address("ncclGroupEnd"))(), "ncclGroupEnd");
        GC.KeepAlive(rows);
        GC.KeepAlive(received);
    }

    /// <inheritdoc/>
    public void Gather(Tensor own, Tensor all)
    {
        var function = (delegate* unmanaged<void*, void*, nuint, int, nint, nint, int>)Address("ncclAllGather");
        Check(function(Data(own), Data(all), Length(own), Bytes, _communicator, 0), "ncclAllGather");
        GC.KeepAlive(own);
        GC.KeepAlive(all);
    }

    /// <inheritdoc/>
    public void Broadcast(Tensor values)
    {
        var function = (delegate* unmanaged<void*, void*, nuint, int, int, nint, nint, int>)Address("ncclBroadcast");
        Check(function(Data(values), Data(values), Length(values), Bytes, 0, _communicator, 0), "ncclBroadcast");
        GC.KeepAlive(values);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        // The work on the default stream must end before the communicator does.
        cuda.synchronize();
        Check(((delegate* unmanaged<nint, int>)Address("ncclCommDestroy"))(_communicator), "ncclCommDestroy");
        _starter.Dispose();
    }

    private byte* Data(Tensor tensor)
    {
        if (tensor.device_type != DeviceType.CUDA || !tensor.is_contiguous())
            throw new ArgumentException("NCCL exchanges contiguous tensors of a GPU", nameof(tensor));
        return (byte*)TensorData.Address(tensor);
    }

    private static nuint Length(Tensor tensor) => (nuint)(tensor.numel() * tensor.element_size());

    private nint Address(string name) => NativeLibrary.TryGetExport(_library, name, out var address)
        ? address
        : throw new LabException($"{Library} has no {name}: NCCL 2.7 or newer is needed");

    private void Check(int code, string function)
    {
        if (code == 0)
            return;
        var text = Marshal.PtrToStringUTF8(((delegate* unmanaged<int, nint>)Address("ncclGetErrorString"))(code));
        throw new LabException($"rank {Rank}: {function} failed: {text} (code {code})");
    }

    // NCCL takes it by value.
    private struct UniqueId
    {
        public const int Length = 128;

        public fixed byte Bytes[Length];
    }
}

/// <summary>The memory of tensors.</summary>
internal static class TensorData
{
    /// <summary>The address of the first value, in the memory of the tensor's device.</summary>
    public static nint Address(Tensor tensor) => Data(tensor.Handle);

    [DllImport("LibTorchSharp", EntryPoint = "THSTensor_data")]
    private static extern nint Data(nint tensor);
}
