using System.Runtime.InteropServices;
using MfRae.Lab.Core;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Numerics;

/// <summary>The memory of a device.</summary>
public static class DeviceMemory
{
    /// <summary>The bytes that this process can still allocate; null if they are unknown.</summary>
    public static long? Free(Device device) => device.type == DeviceType.CUDA ? FreeOfGpu(Math.Max(0, device.index)) : ResourceUse.AvailableBytes();

    /// <summary>The free memory of a GPU from CUDA's driver, in the context of the device that libtorch uses.</summary>
    private static unsafe long? FreeOfGpu(int index)
    {
        if (!NativeLibrary.TryLoad(OperatingSystem.IsWindows() ? "nvcuda" : "libcuda.so.1", out var driver))
            return null;
        nint Function(string name) => NativeLibrary.GetExport(driver, name);
        var device = 0;
        nint context = 0;
        nuint free = 0, total = 0;
        try
        {
            if (((delegate* unmanaged<int*, int, int>)Function("cuDeviceGet"))(&device, index) != 0
                || ((delegate* unmanaged<nint*, int, int>)Function("cuDevicePrimaryCtxRetain"))(&context, device) != 0)
            {
                return null;
            }

            var failed = ((delegate* unmanaged<nint, int>)Function("cuCtxPushCurrent_v2"))(context) != 0;
            if (!failed)
            {
                failed = ((delegate* unmanaged<nuint*, nuint*, int>)Function("cuMemGetInfo_v2"))(&free, &total) != 0;
                _ = ((delegate* unmanaged<nint*, int>)Function("cuCtxPopCurrent_v2"))(&context);
            }

            _ = ((delegate* unmanaged<int, int>)Function("cuDevicePrimaryCtxRelease_v2"))(device);
            return failed ? null : (long)free;
        }
        catch (EntryPointNotFoundException)
        {
            return null;
        }
    }
}
