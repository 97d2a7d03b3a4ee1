"""Linear algebra on stacks of matrices, with named results, eigenvalues and full singular value decompositions."""

from __future__ import annotations

from typing import Any

import numpy as np

from . import real

SQUARE = real(2, 3, 3) + 4.0 * np.eye(3)
DEFINITE = SQUARE @ np.swapaxes(SQUARE, -1, -2)
TALL, RIGHT = real(2, 4, 3), real(2, 3, 2)

CASES: list[tuple[str, tuple[Any, ...]]] = []


def add(args: tuple[Any, ...], *texts: str) -> None:
    CASES.extend((text, args) for text in texts)


add(
    (SQUARE[0],),
    "np.linalg.inv(x)",
    "np.linalg.det(x)",
    "np.linalg.slogdet(x)[1]",
    "s,l=np.linalg.slogdet(x)\nreturn s*l",
    "np.linalg.slogdet(x).logabsdet",
    "np.linalg.slogdet(x).sign*1.0",
    "r=np.linalg.slogdet(x)\nreturn r.logabsdet",
    "np.linalg.pinv(x)",
    "np.linalg.matrix_power(x,3)",
    "np.linalg.matrix_power(x,-1)",
    "np.linalg.matrix_power(x,2)",
    "np.linalg.matrix_power(x,0)",
    "np.linalg.svd(x)[1]",
    "np.linalg.svd(x,compute_uv=False)",
    "np.linalg.svd(x).S",
    "np.linalg.svd(x,full_matrices=False).S",
    "u,s,v=np.linalg.svd(x)\nreturn (u*s[...,None,:])@v",
    "u,s,v=np.linalg.svd(x,full_matrices=False)\nreturn np.abs(v)*s[...,None]",
    "np.linalg.qr(x)[1]",
    "np.linalg.qr(x).R",
    "np.linalg.qr(x).Q",
    "q,r=np.linalg.qr(x)\nreturn q@r@q",
    "np.linalg.qr(x,mode='r')",
    "np.linalg.qr(x,'r')",
    "np.linalg.cond(x)",
    "np.linalg.norm(x)",
    "np.linalg.norm(x,axis=-1)",
    "np.linalg.svdvals(x)",
    "np.linalg.eigvals(x@np.swapaxes(x,-1,-2))",
    "w=np.linalg.eigvals(x@np.swapaxes(x,-1,-2))\nreturn np.sum(w**2)",
    "np.linalg.eig(x@np.swapaxes(x,-1,-2)).eigenvalues",
    "w,v=np.linalg.eig(x@np.swapaxes(x,-1,-2))\nreturn np.abs(v)*w[...,None,:]",
)

add(
    (SQUARE,),
    "np.linalg.inv(x)",
    "np.linalg.det(x)",
    "np.linalg.slogdet(x)[1]",
    "s,l=np.linalg.slogdet(x)\nreturn s*l",
    "np.linalg.slogdet(x).logabsdet",
    "np.linalg.slogdet(x).sign*1.0",
    "r=np.linalg.slogdet(x)\nreturn r.logabsdet",
    "np.linalg.pinv(x)",
    "np.linalg.matrix_power(x,3)",
    "np.linalg.matrix_power(x,-1)",
    "np.linalg.matrix_power(x,2)",
    "np.linalg.matrix_power(x,0)",
    "np.linalg.svd(x)[1]",
    "np.linalg.svd(x,compute_uv=False)",
    "np.linalg.svd(x).S",
    "np.linalg.svd(x,full_matrices=False).S",
    "u,s,v=np.linalg.svd(x)\nreturn (u*s[...,None,:])@v",
    "u,s,v=np.linalg.svd(x,full_matrices=False)\nreturn np.abs(v)*s[...,None]",
    "np.linalg.qr(x)[1]",
    "np.linalg.qr(x).R",
    "np.linalg.qr(x).Q",
    "q,r=np.linalg.qr(x)\nreturn q@r@q",
    "np.linalg.qr(x,mode='r')",
    "np.linalg.qr(x,'r')",
    "np.linalg.cond(x)",
    "np.linalg.norm(x)",
    "np.linalg.norm(x,axis=-1)",
    "np.linalg.svdvals(x)",
    "np.linalg.eigvals(x@np.swapaxes(x,-1,-2))",
    "w=np.linalg.eigvals(x@np.swapaxes(x,-1,-2))\nreturn np.sum(w**2)",
    "np.linalg.eig(x@np.swapaxes(x,-1,-2)).eigenvalues",
    "w,v=np.linalg.eig(x@np.swapaxes(x,-1,-2))\nreturn np.abs(v)*w[...,None,:]",
)

add(
    (DEFINITE[0],),
    "np.linalg.cholesky(x)",
    "np.linalg.eigh(x)[0]",
    "w,v=np.linalg.eigh(x)\nreturn np.abs(v)*w[...,None,:]",
    "np.linalg.eigh(x).eigenvalues",
    "np.linalg.eigh(x).eigenvectors**2",
    "np.linalg.eigvalsh(x)",
    "np.linalg.eigvalsh(x,UPLO='U')",
    "np.linalg.eigh(x,'U')[0]",
    "np.linalg.cholesky(x,upper=True)",
    "r=np.linalg.eigh(x)\nreturn r.eigenvalues",
    "r=np.linalg.eigh(x)\nw,v=r\nreturn w",
)

add(
    (DEFINITE,),
    "np.linalg.cholesky(x)",
    "np.linalg.eigh(x)[0]",
    "w,v=np.linalg.eigh(x)\nreturn np.abs(v)*w[...,None,:]",
    "np.linalg.eigh(x).eigenvalues",
    "np.linalg.eigh(x).eigenvectors**2",
    "np.linalg.eigvalsh(x)",
    "np.linalg.eigvalsh(x,UPLO='U')",
    "np.linalg.eigh(x,'U')[0]",
    "np.linalg.cholesky(x,upper=True)",
    "r=np.linalg.eigh(x)\nreturn r.eigenvalues",
    "r=np.linalg.eigh(x)\nw,v=r\nreturn w",
)

add(
    (
        SQUARE,
        RIGHT,
    ),
    "np.linalg.solve(x,y)",
    "np.linalg.solve(x[0],y)",
    "np.linalg.solve(x,y[0])",
    "np.linalg.solve(x[:,None],y)",
    "np.linalg.solve(x[0],y[0])",
    "np.linalg.solve(x[0],y[0,:,0])",
    "np.linalg.solve(x,y[0,:,0])",
    "np.linalg.solve(x,y[...,0][...,None])[...,0]",
    "np.linalg.inv(x)@y",
    "x@y",
    "np.linalg.lstsq(x[0],y[0])[0]",
    "np.linalg.lstsq(x[0],y[0],rcond=None)[0]",
    "np.linalg.lstsq(x[0],y[0,:,0],rcond=None)[0]",
    "sol,res,rank,s=np.linalg.lstsq(x[0],y[0],rcond=None)\nreturn sol",
    "np.linalg.multi_dot([x[0],y[0],y[1].T])",
    "np.linalg.multi_dot((x[0],x[1],y[0]))",
    "np.linalg.tensorsolve(x[0],y[0,:,0])",
    "np.linalg.tensorinv(x[0],ind=1)",
)

add(
    (
        TALL[0],
        real(4),
    ),
    "np.linalg.lstsq(x,y,rcond=None)[0]",
    "np.linalg.qr(x)[0]",
    "np.linalg.qr(x)[1]",
    "np.linalg.pinv(x)",
    "np.linalg.pinv(x,rcond=1e-8)",
    "np.linalg.svd(x)[1]",
    "u,s,v=np.linalg.svd(x)\nreturn (u[:,:3]*s)@v",
    "u,s,v=np.linalg.svd(x.T)\nreturn (u*s)@v[:3]",
    "u,s,v=np.linalg.svd(x,full_matrices=True)\nreturn u@u.T@y",
    "u,s,v=np.linalg.svd(x)\nreturn u[:,3:]@(u[:,3:].T@y)",
)

add(
    (TALL,),
    "np.linalg.qr(x)[0]",
    "np.linalg.qr(x)[1]",
    "np.linalg.pinv(x)",
    "np.linalg.svd(x,full_matrices=False)[1]",
    "u,s,v=np.linalg.svd(x,full_matrices=False)\nreturn (u*s[...,None,:])@v",
    "np.linalg.svd(x,compute_uv=False)",
    "np.linalg.norm(x,axis=(1,2))",
    "np.linalg.norm(x,'fro',axis=(-2,-1))",
    "np.linalg.norm(x,2,axis=(1,2))",
    "np.linalg.norm(x,'nuc',axis=(1,2))",
    "np.linalg.norm(x,1,axis=(1,2))",
    "np.linalg.norm(x,np.inf,axis=(1,2))",
    "np.linalg.norm(x,-np.inf,axis=(1,2),keepdims=True)",
    "np.linalg.norm(x,-2,axis=(1,2),keepdims=True)",
    "np.linalg.norm(x,1,axis=1)",
    "np.linalg.norm(x,3,axis=0)",
    "np.linalg.norm(x[0],2)",
    "np.linalg.norm(x[0],-2)",
    "np.linalg.norm(x[0],'nuc')",
    "np.linalg.norm(x[0],'fro')",
    "np.linalg.norm(x[0],1,keepdims=True)",
    "np.linalg.norm(x[0],np.inf)",
    "np.linalg.norm(x[0],ord=1,axis=0)",
    "np.linalg.norm(x[0],2,axis=1,keepdims=True)",
    "np.linalg.norm(x[0,0],0.5)",
    "np.linalg.norm(x[0,0],-1)",
    "np.linalg.norm(x[0,0],np.inf)",
    "np.linalg.vector_norm(x,axis=1)",
    "np.linalg.vector_norm(x,ord=1)",
    "np.linalg.matrix_norm(x)",
    "np.linalg.matrix_norm(x,ord=2)",
    "np.linalg.vector_norm(x,axis=(0,1),keepdims=True)",
    "np.linalg.matrix_norm(x,keepdims=True)",
    "np.linalg.cond(x[0])",
    "np.linalg.cond(x)",
    "np.linalg.cond(x[0,:3],1)",
    "np.linalg.cond(x[0,:3],'fro')",
    "np.linalg.cond(x[0,:3],np.inf)",
)
