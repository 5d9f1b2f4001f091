using System.Runtime.InteropServices;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Tests.Derivatives;

/// <summary>
/// libtorch's own forward-mode differentiation, which the managed interface does not offer: two C++ symbols of the Linux build
/// and two functions that only TorchScript reaches. The tests compare our forward mode with it.
/// </summary>
internal sealed class NativeForwardMode : IDisposable
{
    private readonly jit.CompilationUnit _functions = jit.compile("""
        def make_dual(primal: Tensor, tangent: Tensor):
            return torch._make_dual(primal, tangent, 0)
        def unpack_dual(dual: Tensor):
            return torch._unpack_dual(dual, 0)

        """);

    private readonly ulong _level = EnterLevel();

    public Tensor Dual(Tensor primal, Tensor tangent) => _functions.invoke<Tensor>("make_dual", primal, tangent);

    public (Tensor Primal, Tensor Tangent) Unpack(Tensor dual) => _functions.invoke<(Tensor, Tensor)>("unpack_dual", dual);

    public void Dispose()
    {
        ExitLevel(_level);
        _functions.Dispose();
    }

    // torch::autograd::ForwardADLevel::get_next_idx() and release_idx(unsigned long)
    [DllImport("torch_cpu", EntryPoint = "_ZN5torch8autograd14ForwardADLevel12get_next_idxEv")]
    private static extern ulong EnterLevel();

    [DllImport("torch_cpu", EntryPoint = "_ZN5torch8autograd14ForwardADLevel11release_idxEm")]
    private static extern void ExitLevel(ulong level);
}
