using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace MfRae.Lab.Core;

/// <summary>
/// Seeds of random generators. A random number is a function of seed, purpose and step, but not of the arm: all arms have the same
/// initialisation, data order, noise, times and evaluation latents, and a resumed run needs only a step counter, not a generator state.
/// </summary>
public static class Seed
{
    /// <summary>A non-negative 63-bit seed for a generator that serves one purpose at one step.</summary>
    public static long For(long seed, string purpose, long step = 0)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(Encoding.UTF8.GetBytes($"{seed}/{purpose}/{step}"), hash);
        return BinaryPrimitives.ReadInt64LittleEndian(hash) & long.MaxValue;
    }
}
